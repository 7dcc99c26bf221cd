//! Archives made by hand or with other code than the program reads them with, honest ones and lying ones.
//! Every writer gives bytes; where they lie is up to the test.

use std::io::Write;

/// A member of a zip archive, each part as the test wants it.
pub struct Member {
    pub name: Vec<u8>,
    pub method: u16,
    pub flags: u16,
    pub checksum: u32,
    pub stated: u64,
    pub data: Vec<u8>,
    /// Header that the directory points at; that of an earlier member makes an overlap.
    pub at: Option<u32>,
}

impl Member {
    /// An honest member.
    pub fn new(name: impl AsRef<[u8]>, content: &[u8]) -> Self {
        let mut checksum = flate2::Crc::new();
        checksum.update(content);
        Self {
            name: name.as_ref().to_vec(),
            method: 8,
            flags: 0,
            checksum: checksum.sum(),
            stated: content.len() as u64,
            data: deflate(content),
            at: None,
        }
    }
}

pub fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).expect("packs");
    encoder.finish().expect("packs")
}

/// A deflate stream of `gigabytes` GiB of zeros, made in no time: blocks that do not know of each other are joined.
pub fn zeros(gigabytes: usize) -> Vec<u8> {
    const STEP: usize = 16 << 20;
    let mut compress = flate2::Compress::new(flate2::Compression::best(), false);
    let mut step = Vec::with_capacity(1 << 20);
    compress.compress_vec(&vec![0; STEP], &mut step, flate2::FlushCompress::Full).expect("packs");
    let mut stream = step.repeat((gigabytes << 30) / STEP);
    stream.extend([0x03, 0x00]);
    stream
}

/// A zip archive of these members, byte by byte.
pub fn zip(members: &[Member]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    let small = |size: u64| u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes();
    for member in members {
        let at = archive.len() as u32;
        let large = member.stated >= u64::from(u32::MAX);
        let mut extra = Vec::new();
        if large {
            extra.extend([1, 0, 8, 0]);
            extra.extend(member.stated.to_le_bytes());
        }
        let mut common = vec![45, 0];
        common.extend(member.flags.to_le_bytes());
        common.extend(member.method.to_le_bytes());
        common.extend([0, 0, 0x21, 0x58]);
        common.extend(member.checksum.to_le_bytes());
        common.extend(small(member.data.len() as u64));
        common.extend(small(member.stated));
        common.extend((member.name.len() as u16).to_le_bytes());
        common.extend((extra.len() as u16).to_le_bytes());
        if member.at.is_none() {
            archive.extend(b"PK\x03\x04");
            archive.extend(&common);
            archive.extend(&member.name);
            archive.extend(&extra);
            archive.extend(&member.data);
        }
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(member.at.unwrap_or(at).to_le_bytes());
        directory.extend(&member.name);
        directory.extend(&extra);
    }
    let start = archive.len() as u32;
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\x00\x00\x00\x00");
    archive.extend((members.len() as u16).to_le_bytes());
    archive.extend((members.len() as u16).to_le_bytes());
    archive.extend((directory.len() as u32).to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0, 0]);
    archive
}

/// A tar archive; names go in as they are, whatever they are.
pub fn tar(members: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, content) in members {
        let mut header = tar::Header::new_old();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.extend(header.as_bytes());
        archive.extend(*content);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).expect("packs");
    encoder.finish().expect("packs")
}

/// A deflate stream as gzip, its trailer a lie: whoever gets that far has unpacked everything.
pub fn gzip_of(deflated: &[u8]) -> Vec<u8> {
    let mut packed = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255];
    packed.extend(deflated);
    packed.extend([0; 8]);
    packed
}

pub fn bzip2(content: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(content).expect("packs");
    encoder.finish().expect("packs")
}

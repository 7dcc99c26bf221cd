"""Reads the annex of a report with another PDF library and checks what PDF/A-3a asks of it.

usage: annex.py REPORT

Every `*.pdf` of the folder REPORT is read with pypdf: page count against the numbers printed on the pages, text, identification,
output intent, fonts, tags, attachments against the files of the folder. The clauses named are those of ISO 19005-3:2012.
This is no validator: veraPDF, where a court has it, goes further. What is checked here is what a wrong build would break first.
"""

import hashlib
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

import pypdf
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

PDFAID = "{http://www.aiim.org/pdfa/ns/id/}"
DESCRIPTION = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
# The files inside may be large; our own PDFs are no attack on this reader.
LARGE = 4_000_000_000
LIMITS = {
    name: LARGE
    for name in ("maximum_declared_stream_length", "zlib_maximum_output_length", "stream_decoding_work_maximum_length", "stream_parsing_work_maximum_count")
}
# 6.6.1: actions that act on the machine or leave the file. Links to addresses are no such actions.
FORBIDDEN_ACTIONS = {"/Launch", "/Sound", "/Movie", "/ResetForm", "/ImportData", "/Hide", "/JavaScript", "/SetOCGState", "/Rendition", "/Trans", "/GoTo3DView"}


def objects(reader):
    """Every object of the file, once."""
    for number in sorted(reader.xref_objStm.keys() | {key for table in reader.xref.values() for key in table}):
        yield reader.get_object(IndirectObject(number, 0, reader))


def parts(value, seen):
    """A value and what lies directly in it."""
    if isinstance(value, IndirectObject) or id(value) in seen:
        return
    seen.add(id(value))
    yield value
    inner = value.values() if isinstance(value, DictionaryObject) else value if isinstance(value, ArrayObject) else ()
    for entry in inner:
        yield from parts(entry, seen)


def attachments(root):
    """Name, file specification and bytes of each attached file."""
    names = root["/Names"]["/EmbeddedFiles"]
    stack, found = [names], {}
    while stack:
        node = stack.pop().get_object()
        stack.extend(node.get("/Kids", []))
        flat = node.get("/Names", [])
        for name, specification in zip(flat[::2], flat[1::2]):
            specification = specification.get_object()
            found[str(name)] = (specification, specification["/EF"]["/F"].get_object())
    return found


def check_structure(reader):
    root = reader.trailer["/Root"]
    assert "/Encrypt" not in reader.trailer, "6.1.3: encrypted"
    assert "/ID" in reader.trailer, "6.1.3: no file identifier"
    identification = {}
    for description in ElementTree.fromstring(root["/Metadata"].get_data()).iter(DESCRIPTION):
        identification |= {key: value for key, value in description.attrib.items()}
        identification |= {child.tag: child.text for child in description}
    assert identification.get(PDFAID + "part") == "3", "6.6.4: part"
    assert identification.get(PDFAID + "conformance") == "A", "6.6.4: level"
    assert root["/MarkInfo"]["/Marked"] is True or root["/MarkInfo"]["/Marked"].value, "6.7.2: not tagged"
    assert "/StructTreeRoot" in root and root.get("/Lang"), "6.7: no structure or no language"
    intents = root["/OutputIntents"]
    assert any(intent.get_object()["/S"] == "/GTS_PDFA1" and "/DestOutputProfile" in intent.get_object() for intent in intents), "6.2.3"
    assert "/AcroForm" not in root and "/OpenAction" not in root and "/AA" not in root, "6.6: acts by itself"
    fonts = 0
    for held in objects(reader):
        for value in parts(held, set()):
            if not isinstance(value, DictionaryObject):
                continue
            kind = value.get("/Type")
            if kind == "/FontDescriptor":
                assert any(f"/FontFile{suffix}" in value for suffix in ("", "2", "3")), f"6.2.11.4: {value.get('/FontName')} is not embedded"
                fonts += 1
            if kind == "/Font" and value.get("/Subtype") == "/Type0":
                assert "/ToUnicode" in value, f"6.2.11.7: {value.get('/BaseFont')} has no ToUnicode"
            if kind == "/Font" and value.get("/Subtype") != "/Type0":
                assert value.get("/Subtype") in ("/CIDFontType0", "/CIDFontType2", "/Type3"), f"a simple font: {value.get('/BaseFont')}"
            assert value.get("/S") not in FORBIDDEN_ACTIONS or kind == "/StructElem", f"6.6.1: {value.get('/S')}"
            assert "/JS" not in value, "6.6.1: JavaScript"
            if kind == "/Annot":
                flags = int(value.get("/F", 0))
                assert flags & 4 and not flags & (1 | 2 | 32), f"6.5.3: annotation flags {flags}"
            if kind == "/ExtGState":
                assert "/TR" not in value and value.get("/TR2", "/Default") == "/Default", "6.2.5"
            if isinstance(value, StreamObject):
                assert "/F" not in value, "6.1.7.1: a stream outside the file"
                filters = value.get("/Filter", [])
                assert "/LZWDecode" not in (filters if isinstance(filters, ArrayObject) else [filters]), "6.1.7.2: LZW"
                assert not value.get("/Interpolate", False), "6.2.8: interpolated"
    assert fonts, "no font at all"
    return root


def check_attachments(root, folder):
    """Attached files equal those of the folder; returns the names of those inside as a whole."""
    files = {path.relative_to(folder).as_posix().replace("/", "_"): path for path in folder.rglob("*") if path.is_file()}
    whole = set()
    listed = {id(entry.get_object()) for entry in root["/AF"]}
    for name, (specification, stream) in attachments(root).items():
        assert id(specification) in listed, f"6.8: {name} is not associated"
        assert specification.get("/AFRelationship"), f"6.8: {name} has no relationship"
        assert stream.get("/Subtype"), f"6.8: {name} has no type"
        assert specification.get("/F") and specification.get("/UF"), f"6.8: {name} has no file name"
        # Only the annex's own hash sets the attached manifest apart from the one beside it.
        if name in files and name != "manifest.json":
            assert stream.get_data() == files[name].read_bytes(), f"{name}: not the bytes of the folder"
            whole.add(name)
    return whole


def check_pages(reader, digest):
    pages = len(reader.pages)
    told, report_id = [], None
    for number, page in enumerate(reader.pages, 1):
        text = re.sub(r"\s+", " ", page.extract_text())
        place = re.search(r"(?:Seite|Page) (\d+) (?:von|of) (\d+)", text)
        assert place, f"page {number} has no number: {text[:200]}"
        told.append((int(place[1]), int(place[2])))
        found = re.search(r"SR-[0-9a-f]{10}", text)
        report_id = report_id or (found and found[0])
        assert report_id and report_id in text, f"page {number} has no report id"
        assert digest[:8] in text, f"page {number} has no part of the hash of findings.json"
    total = told[0][1]
    first = told[0][0]
    assert [place for place, _ in told] == list(range(first, first + pages)), f"pages are numbered {told[:5]}…"
    assert all(of == total for _, of in told), "the total changes"
    return pages, total


def main():
    folder = pathlib.Path(sys.argv[1])
    pypdf.overwrite_configuration(**LIMITS)
    digest = hashlib.sha256((folder / "findings.json").read_bytes()).hexdigest()
    pdfs = sorted(folder.glob("*.pdf"))
    assert pdfs, "no PDF in the folder"
    inside = set()
    for path in pdfs:
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,86}\.pdf", path.name), f"{path.name} is no name that beA takes"
        reader = pypdf.PdfReader(path, strict=True)
        root = check_structure(reader)
        pages, total = check_pages(reader, digest)
        assert pages == total, f"{pages} pages, {total} by the last line of each"
        whole = check_attachments(root, folder)
        inside |= whole
        print(f"{path.name}: {pages} pages, PDF/A-3a as far as checked, {len(whole)} files of the folder inside")
    if len(pdfs) == 1:
        tables = {f"csv_{path.name}" for path in folder.glob("csv/*.csv")} | {"findings.json"}
        assert tables <= inside, f"not attached: {sorted(tables - inside)}"


main()

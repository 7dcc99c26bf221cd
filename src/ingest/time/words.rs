//! The words of written dates: months and weekdays in English, German, French, Spanish, Italian, Portuguese and
//! Dutch, names of fixed offsets, and little words that say nothing about the time.
//! Words come in lower-case ASCII without accents; how they fit together is the business of `text`.

/// What a word stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A month, 1 to 12.
    Month(u32),
    /// A weekday, Monday = 0.
    Weekday(i64),
    /// `mar`: March, or Tuesday in three languages.
    MarchOrTuesday,
    /// A name that fixes the offset wherever it is used, in seconds.
    Zone(i32),
    /// A North American name that RFC 2822 defines and others use for other places, in seconds.
    AmericanZone(i32),
    /// Leads to the next part and says nothing itself.
    Filler,
    /// Stands behind a number: the `th` of `4th`.
    Ordinal,
    /// Stands behind a time: `Uhr`.
    OClock,
}

/// Hours to seconds.
const HOUR: i32 = 3600;

/// Looks a word up, however it is cased.
pub(super) fn look_up(word: &[u8]) -> Option<Word> {
    let mut lower = [0; 12];
    let lower = lower.get_mut(..word.len())?;
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    meaning(lower)
}

/// The meaning of a word in lower case.
fn meaning(word: &[u8]) -> Option<Word> {
    Some(match word {
        b"jan" | b"january" | b"januar" | b"janner" | b"jaen" | b"jaenner" | b"janv" | b"janvier" | b"ene"
        | b"enero" | b"gen" | b"gennaio" | b"janeiro" | b"januari" => Word::Month(1),
        b"feb" | b"febr" | b"february" | b"februar" | b"feber" | b"fev" | b"fevr" | b"fevrier" | b"febrero"
        | b"febbraio" | b"fevereiro" | b"februari" => Word::Month(2),
        b"march" | b"marz" | b"maerz" | b"mrz" | b"mars" | b"marzo" | b"marco" | b"mrt" | b"maart" => Word::Month(3),
        b"apr" | b"april" | b"avr" | b"avril" | b"abr" | b"abril" | b"aprile" => Word::Month(4),
        b"may" | b"mai" | b"mayo" | b"mag" | b"maggio" | b"maio" | b"mei" => Word::Month(5),
        b"jun" | b"june" | b"juni" | b"juin" | b"junio" | b"giu" | b"giugno" | b"junho" => Word::Month(6),
        b"jul" | b"july" | b"juli" | b"juil" | b"juillet" | b"julio" | b"lug" | b"luglio" | b"julho" => Word::Month(7),
        b"aug" | b"august" | b"aout" | b"ago" | b"agosto" | b"augustus" => Word::Month(8),
        b"sep" | b"sept" | b"september" | b"septembre" | b"septiembre" | b"setiembre" | b"set" | b"settembre"
        | b"setembro" => Word::Month(9),
        b"oct" | b"october" | b"okt" | b"oktober" | b"octobre" | b"octubre" | b"ott" | b"ottobre" | b"out"
        | b"outubro" => Word::Month(10),
        b"nov" | b"november" | b"novembre" | b"noviembre" | b"novembro" => Word::Month(11),
        b"dec" | b"december" | b"dez" | b"dezember" | b"decembre" | b"dic" | b"diciembre" | b"dicembre"
        | b"dezembro" => Word::Month(12),
        b"mar" => Word::MarchOrTuesday,
        b"mo" | b"mon" | b"monday" | b"montag" | b"lun" | b"lundi" | b"lunes" | b"lunedi" | b"seg" | b"segunda"
        | b"maandag" => Word::Weekday(0),
        b"di" | b"tue" | b"tues" | b"tuesday" | b"dienstag" | b"mardi" | b"martes" | b"martedi" | b"ter" | b"terca"
        | b"dinsdag" => Word::Weekday(1),
        b"mi" | b"wed" | b"wednesday" | b"mittwoch" | b"mer" | b"mercredi" | b"mie" | b"miercoles" | b"mercoledi"
        | b"qua" | b"quarta" | b"wo" | b"woensdag" => Word::Weekday(2),
        b"do" | b"thu" | b"thur" | b"thurs" | b"thursday" | b"donnerstag" | b"jeu" | b"jeudi" | b"jue" | b"jueves"
        | b"gio" | b"giovedi" | b"qui" | b"quinta" | b"donderdag" => Word::Weekday(3),
        b"fr" | b"fri" | b"friday" | b"freitag" | b"ven" | b"vendredi" | b"vie" | b"viernes" | b"venerdi" | b"sex"
        | b"sexta" | b"vr" | b"vrijdag" => Word::Weekday(4),
        b"sa" | b"sat" | b"saturday" | b"samstag" | b"sonnabend" | b"sam" | b"samedi" | b"sab" | b"sabado"
        | b"sabato" | b"za" | b"zaterdag" => Word::Weekday(5),
        b"so" | b"sun" | b"sunday" | b"sonntag" | b"dim" | b"dimanche" | b"dom" | b"domingo" | b"domenica" | b"zo"
        | b"zondag" => Word::Weekday(6),
        b"z" | b"utc" | b"gmt" | b"ut" => Word::Zone(0),
        b"cet" | b"mez" => Word::Zone(HOUR),
        b"cest" | b"mesz" => Word::Zone(2 * HOUR),
        b"edt" => Word::AmericanZone(-4 * HOUR),
        b"est" | b"cdt" => Word::AmericanZone(-5 * HOUR),
        b"cst" | b"mdt" => Word::AmericanZone(-6 * HOUR),
        b"mst" | b"pdt" => Word::AmericanZone(-7 * HOUR),
        b"pst" => Word::AmericanZone(-8 * HOUR),
        b"uhr" => Word::OClock,
        b"st" | b"nd" | b"rd" | b"th" | b"er" => Word::Ordinal,
        b"at" | b"on" | b"um" | b"den" | b"der" | b"a" | b"le" | b"las" | b"la" | b"el" | b"de" | b"del" | b"as"
        | b"alle" | b"ore" | b"om" | b"klo" | b"kl" | b"feira" | b"ma" => Word::Filler,
        _ => return None,
    })
}

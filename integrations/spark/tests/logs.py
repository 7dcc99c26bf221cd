"""Made-up exports from fixed seeds: mixed formats, one giant account, a coordinated campaign.

Numbers are reserved for fiction. What must be found in these logs is not said here: two runs are compared.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from xml.sax.saxutils import quoteattr
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
TITLES = [
    "council drops the pool",
    "night train returns",
    "market moves to May",
    "bridge closed again",
    "school wins cup",
]
NAMES = ["Anna", "Ben", "Carla", "David", "Elif", "Finn", "Greta", "Hasan", "Ida", "Jonas", "Klara", "Levi"]


@dataclass(frozen=True)
class Sent:
    """One message of a log."""

    ident: str
    at: datetime
    account: str
    person: str
    text: str
    status: str = "delivered"
    inbound: bool = False


def person(number: int) -> str:
    return f"+447700900{number % 1000:03}" if number % 2 else f"+49171392{number % 10_000:04}"


def account(number: int) -> str:
    return f"+4915228895{number % 1000:03}"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def mixed(folder: Path) -> None:
    """Dialects of CSV, webhooks, a chat, a backup of SMS, packed files, repeated records, and broken ones."""
    die = random.Random(11)
    exports = folder / "exports"
    exports.mkdir(parents=True)
    editions = _newsletter(die, account(1), moment("2019-11-20T17:00:00"), days=24, readers=70)
    _german(exports / "panel-2019.csv", [sent for sent in editions if sent.at.year == 2019])
    later = _newsletter(die, account(2), moment("2020-01-03T17:00:00"), days=6, readers=90)
    half = len(later) // 2
    _plain(exports / "platform-a.csv", later[: half + 200])
    # Two hundred records stand in both files, as when periods of two exports overlap.
    _plain(exports / "platform-b.csv", later[half:])
    _tabs(exports / "relay.tsv", _newsletter(die, account(3), moment("2020-02-01T08:00:00"), days=3, readers=60))
    _webhooks(exports / "webhooks.jsonl", _dialogues(die, account(4), moment("2020-01-05T09:00:00"), people=120))
    _chat(exports / "WhatsApp Chat mit Kundendienst.txt", moment("2019-11-18T08:00:00"))
    _sms(exports / "sms-backup.xml", _dialogues(die, account(5), moment("2020-02-10T09:00:00"), people=40))
    packed = _newsletter(die, account(1), moment("2020-02-20T17:00:00"), days=3, readers=80)
    exports.joinpath("march.csv.gz").write_bytes(gzip.compress(_plain_text(packed).encode(), mtime=0))
    with zipfile.ZipFile(exports / "archive.zip", "w") as archive:
        more = _newsletter(die, account(6), moment("2020-03-01T17:00:00"), days=3, readers=50)
        archive.writestr(zipfile.ZipInfo("april/part-1.csv"), _plain_text(more[: len(more) // 2]))
        archive.writestr(zipfile.ZipInfo("april/part-2.csv"), _plain_text(more[len(more) // 2 :]))
        archive.writestr(zipfile.ZipInfo("readme.md"), "# nothing to read\n")
    _register(exports / "opt-ins.csv")
    _case(
        exports / "case.toml",
        [(account(1), "Verlag Unterland", "unofficial_automation"), (account(2), "Verlag Unterland", "")],
    )


def giant(folder: Path) -> None:
    """Nearly all messages are of one account; the others have a few."""
    die = random.Random(22)
    exports = folder / "exports"
    exports.mkdir(parents=True)
    everything = _newsletter(die, account(100), moment("2019-12-01T17:00:00"), days=25, readers=180)
    for number in range(101, 111):
        everything += _newsletter(die, account(number), moment("2019-12-05T10:00:00"), days=1, readers=12)
    die.shuffle(everything)
    for number in range(3):
        _plain(exports / f"part-{number}.csv", everything[number::3])
    _case(
        exports / "case.toml",
        [(account(100), "Verlag Unterland", "provider_number"), (account(101), "Brauerei Oberland", "")],
    )


def coordinated(folder: Path) -> None:
    """Many accounts send one text with other names and words, their messages lie in many files."""
    die = random.Random(33)
    exports = folder / "exports"
    exports.mkdir(parents=True)
    everything = []
    begin = moment("2020-01-12T16:00:00")
    for number in range(40):
        sender = account(200 + number)
        for reader in range(70):
            at = begin + timedelta(seconds=die.randrange(5400))
            text = _varied(die)
            ident = f"CC{number:03}{reader:05}"
            everything.append(
                Sent(ident, at, sender, person(number * 31 + reader * 7), text, die.choice(["sent", "read"]))
            )
        everything += _dialogues(die, sender, begin - timedelta(days=3), people=4)
        everything.append(
            Sent(f"CS{number}", begin + timedelta(hours=2), sender, person(number), "STOP", "received", True)
        )
    die.shuffle(everything)
    for number in range(20):
        target = exports / f"team-{number % 4}" / f"log-{number:02}.csv"
        target.parent.mkdir(exist_ok=True)
        _plain(target, everything[number::20])
    # Accounts of one client are one sender for some rules, wherever their messages lie.
    owners = [(account(200 + number), f"Agentur {number % 3}", "") for number in range(12)]
    _case(exports / "case.toml", owners)


LOGS: dict[str, Callable[[Path], None]] = {"mixed": mixed, "giant": giant, "coordinated": coordinated}


def _newsletter(die: random.Random, sender: str, begin: datetime, days: int, readers: int) -> list[Sent]:
    """An edition a day to all readers, quickly or slowly; some answer, some of them STOP, and get the next one yet."""
    messages = []
    for day in range(days):
        at = begin + timedelta(days=day, seconds=die.randrange(300))
        pause = die.choice([0.08, 0.3, 1.1, 8.0])
        text = f"The {die.choice(TITLES)}: page {die.randrange(9)}. unterland.example/{1000 + day}"
        for reader in range(readers):
            at += timedelta(seconds=round(die.expovariate(1 / pause)))
            ident = f"{sender[-3:]}-{begin:%m%d}-{day:03}-{reader:04}"
            status = die.choice(["delivered", "delivered", "read", "failed", "sent"])
            messages.append(Sent(ident, at, sender, person(reader), text, status))
            if die.random() < 0.03:
                answer = die.choice(["STOP", "Stop bitte", "thank you", "who is this?"])
                later = at + timedelta(minutes=die.randrange(1, 90))
                messages.append(Sent(f"{ident}-a", later, sender, person(reader), answer, "received", inbound=True))
    return messages


def _dialogues(die: random.Random, sender: str, begin: datetime, people: int) -> list[Sent]:
    """A help desk: every message of ours answers one of theirs, and is worded for them."""
    messages = []
    for number in range(people):
        at = begin + timedelta(minutes=7 * number + die.randrange(5))
        who = person(500 + number)
        ident = f"{sender[-3:]}-h{begin:%m%d}-{number:04}"
        question = f"{die.choice(NAMES)} here, order {die.randrange(10_000)} is late"
        messages.append(Sent(f"{ident}q", at, sender, who, question, "received", inbound=True))
        for turn in range(die.randrange(1, 4)):
            at += timedelta(seconds=die.randrange(20, 900))
            day = die.choice(["today", "tomorrow", "on Monday"])
            answer = f"Thank you, {die.choice(NAMES)}. Parcel {die.randrange(10_000)} comes {day}."
            messages.append(Sent(f"{ident}r{turn}", at, sender, who, answer, "delivered"))
    return messages


def _varied(die: random.Random) -> str:
    hello = die.choice(["Hello", "Hi", "Dear", "Good day"])
    offer = die.choice(["offer", "deal", "bargain", "discount"])
    until = die.choice(["until Sunday", "till Sunday", "up to Sunday"])
    return (
        f"{hello} {die.choice(NAMES)}, our spring {offer} for garden chairs is here: {die.randrange(10, 40)} per cent "
        f"off everything {until}, only at gartenwelt.example/f/{die.randrange(9999)} and in all our shops."
    )


def _german(path: Path, messages: list[Sent]) -> None:
    states = {
        "delivered": "zugestellt",
        "read": "gelesen",
        "failed": "fehlgeschlagen",
        "sent": "gesendet",
        "received": "",
    }
    lines = ["Nachrichten-ID;Gesendet am;Absender;Empfänger;Nachricht;Status;Richtung"]
    for message in messages:
        ends = (message.person, message.account) if message.inbound else (message.account, message.person)
        way = "eingehend" if message.inbound else "ausgehend"
        local = message.at.astimezone(BERLIN)
        cells = [
            message.ident,
            f"{local:%d.%m.%Y %H:%M:%S}",
            *ends,
            f'"{message.text}\nIhr Verlag"',
            states[message.status],
            way,
        ]
        lines.append(";".join(cells))
    # A day that no calendar has: one record that must be rejected and must not harm its neighbours.
    lines.insert(40, f"KAPUTT1;31.02.2019 25:61:00;{account(1)};{person(3)};verdorben;gelesen;ausgehend")
    path.write_text("\ufeff" + "\r\n".join(lines) + "\r\n", encoding="utf-8", newline="")


def _plain_text(messages: Iterable[Sent], delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(["message id", "sent at", "direction", "from", "to", "status", "body"])
    for message in messages:
        ends = (message.person, message.account) if message.inbound else (message.account, message.person)
        way = "inbound" if message.inbound else "outbound"
        writer.writerow([message.ident, message.at.isoformat(), way, *ends, message.status, message.text])
    return out.getvalue()


def _plain(path: Path, messages: Iterable[Sent]) -> None:
    path.write_text(_plain_text(messages), encoding="utf-8")


def _tabs(path: Path, messages: Iterable[Sent]) -> None:
    # Local time without a zone, which the case file tells, in the encoding of an old Windows.
    local = [replace(message, at=message.at.astimezone(BERLIN).replace(tzinfo=None)) for message in messages]
    text = _plain_text(local, "\t").replace("unterland", "überland")
    path.write_bytes(text.encode("windows-1252"))


def _webhooks(path: Path, messages: list[Sent]) -> None:
    lines = []
    for message in messages:
        seconds = int(message.at.timestamp())
        who = message.person.removeprefix("+")
        ident = f"wamid.UNTERLAND{message.ident}"
        if message.inbound:
            text = {"from": who, "id": ident, "timestamp": str(seconds), "type": "text", "text": {"body": message.text}}
            lines.append(_webhook(message.account, {"messages": [text]}))
            continue
        for step, status in enumerate(["sent", "delivered", "read"]):
            event = {"id": ident, "status": status, "timestamp": str(seconds + 9 * step), "recipient_id": who}
            lines.append(_webhook(message.account, {"statuses": [event]}))
    lines.insert(100, '{"object":"whatsapp_business_account","entry":[{"id":"1","chan')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _webhook(sender: str, value: dict[str, object]) -> str:
    number = {"display_phone_number": sender.removeprefix("+"), "phone_number_id": "104400000000001"}
    whole = {"messaging_product": "whatsapp", "metadata": number, **value}
    entry = {"id": "104400000000000", "changes": [{"field": "messages", "value": whole}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]})


def _chat(path: Path, begin: datetime) -> None:
    lines = []
    for number in range(60):
        local = (begin + timedelta(hours=5 * number)).astimezone(BERLIN)
        who, text = (
            ("Miriam Habicht", f"Wo bleibt Ausgabe {number}?") if number % 2 else ("Kundendienst", "Sie kommt heute.")
        )
        lines.append(f"{local:%d.%m.%y, %H:%M} - {who}: {text}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _sms(path: Path, messages: list[Sent]) -> None:
    rows = []
    for message in messages:
        date = int(message.at.timestamp() * 1000)
        kind = 1 if message.inbound else 2
        body = quoteattr(message.text)
        rows.append(f'  <sms address="{message.person}" date="{date}" type="{kind}" body={body} status="0" />')
    rows.append(f'  <sms address="{person(7)}" date="soon" type="2" body="never" />')
    head = "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>"
    path.write_text("\n".join([head, f'<smses count="{len(rows)}">', *rows, "</smses>"]) + "\n", encoding="utf-8")


def _register(path: Path) -> None:
    lines = ['"channel";"ts";"userId";"custID";"channelAddress";"status"']
    for number in range(0, 90, 3):
        status = "-1" if number % 9 == 0 else "1"
        lines.append(
            f'"sms";"2019-12-{1 + number % 28:02} 11:12:12";"{number}";"K{number}";"{person(number)}";"{status}"'
        )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _case(path: Path, owners: list[tuple[str, str, str]]) -> None:
    lines = [
        "[matter]",
        'name = "Matter of the Spark tests"',
        'timezone = "Europe/Berlin"',
        'country = "DE"',
        'region = "EEA"',
    ]
    for ident, client, route in owners:
        lines += ["", "[[account]]", f'id = "{ident}"', f'client = "{client}"']
        lines += [f'route = "{route}"'] if route else []
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")

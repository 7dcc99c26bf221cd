"""Opens the tables of a report in LibreOffice and looks at what it made of them.

usage: spreadsheets.py PROGRAM

A made-up log with a formula in every text field is reported on. LibreOffice then converts `report.xlsx` and every file of
`csv/` and `csv-excel/` to its own format. No cell may hold a formula, and the cells of the workbook must have the values of
`csv/`. Needs LibreOffice (`soffice`) and nothing else; without it, exit code 77.
"""

import csv
import pathlib
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"

FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(1;1)", "=cmd|'/c calc'!A0", '=HYPERLINK("http://x.example";"x")']
WIDE = ["＝1+1", "＋1+1", "－1+1", "＠SUM(1)"]
BEFORE = ["", "\t", '"', "'", "\ufeff", " ", "\u00a0", "\u200b", '\ufeff" ']


def log(path):
    texts = [before + text for text in FORMULAS + WIDE for before in BEFORE]
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["Sent", "From", "To", "Body", "Campaign", "MessageSid", "Status"])
        for batch, text in enumerate(texts):
            for number in range(60):
                at = f"2019-12-{10 + batch % 15:02}T10:{batch % 60:02}:{number:02}Z"
                to = f"+49171392{batch:03}{number:02}"
                rows.writerow([at, f"{text}{batch}", to, text, f"{text}{batch}", f"{text}{batch}/{number}", "delivered"])


def sheets(path, folder):
    """Rows of each sheet as (text, value, type) of each cell; fails on a formula."""
    subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation=file://{folder}/profile", "--convert-to", "fods", "--outdir", str(folder), str(path)],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300,
    )
    found = {}
    for table in ElementTree.parse(folder / (path.stem + ".fods")).iter(TABLE + "table"):
        rows = []
        for row in table.iter(TABLE + "table-row"):
            cells = []
            for cell in row:
                if cell.tag not in (TABLE + "table-cell", TABLE + "covered-table-cell"):
                    continue
                formula = cell.get(TABLE + "formula")
                # LibreOffice keeps a truth value of a workbook as one of these two.
                assert formula in (None, "of:=TRUE()", "of:=FALSE()"), f"{path.name}: a formula: {formula}"
                lines = ["".join(part.itertext()) for part in cell.iter(TEXT + "p")]
                value = (cell.get(OFFICE + "value-type"), cell.get(OFFICE + "value"), "\n".join(lines))
                cells += [value] * min(int(cell.get(TABLE + "number-columns-repeated", 1)), 64)
            while cells and cells[-1][0] is None:
                cells.pop()
            rows += [cells] if cells else []
        found[table.get(TABLE + "name")] = rows
    return found


def expected(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def check_workbook(book, folder):
    cells = 0
    for path in sorted(folder.glob("*.csv")):
        rows = book[path.stem]
        header, body = [cell[2] for cell in rows[0]], rows[1:]
        wanted = expected(path)
        assert len(body) == len(wanted), f"{path.name}: {len(body)} rows instead of {len(wanted)}"
        for row, values in zip(body, wanted):
            row += [(None, None, "")] * (len(header) - len(row))
            for name, value in values.items():
                utc = f"{name} (UTC)"
                kind, number, text = row[len(header) - 1 - header[::-1].index(utc if utc in header else name)]
                cells += 1
                if value in ("true", "false"):
                    assert kind in ("float", "boolean"), f"{path.name} {name}: {kind}"
                elif kind == "float":
                    assert float(number) == float(value), f"{path.name} {name}: {number} is not {value}"
                else:
                    plain = value[1:] if value.startswith("'") else value
                    same = {" ".join(one.split()) for one in (value, plain)}
                    assert " ".join(text.split()) in same, f"{path.name} {name}: {text!r} is not {value!r}"
    return cells


def main():
    if shutil.which("soffice") is None:
        print("left out: LibreOffice is not installed")
        return 77
    with tempfile.TemporaryDirectory() as home:
        home = pathlib.Path(home)
        log(home / "log.csv")
        report = home / "report"
        command = [sys.argv[1], "report", str(home / "log.csv"), "-o", str(report), "--write", "csv,csv-excel,xlsx", "-q"]
        done = subprocess.run(command, env={"HOME": str(home), "PATH": "/usr/bin:/bin"})
        assert done.returncode == 0, f"exit code {done.returncode}"
        cells = check_workbook(sheets(report / "report.xlsx", home), report / "csv")
        files = sorted(report.glob("csv*/*.csv"))
        for file in files:
            # Opened as a double click would: the separator is told, everything else is LibreOffice's guess.
            copy = home / f"{file.parent.name}-{file.name}"
            text = file.read_bytes()
            separator = b";" if file.parent.name == "csv-excel" else b","
            bom, rest = (text[:3], text[3:]) if text.startswith(b"\xef\xbb\xbf") else (b"", text)
            copy.write_bytes(bom + b"sep=" + separator + b"\r\n" + rest)
            sheets(copy, home)
        print(f"{cells} cells of the workbook have the values of csv/; no formula in it, nor in {len(files)} CSV files")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""pandas, and numpy where pandas has no way: its rolling windows cannot count distinct values by themselves.

The quicker of its readers (pyarrow's) does not take line ends inside fields, so the log is read by the C parser.
Webhooks are left out: pandas has no reader for nested JSON that is its own.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from questions import COUNT, HOUR, MINUTE, MINUTES, Answer, Entry, Window, account, window_question


def version() -> str:
    return f"pandas {pd.__version__} (numpy {np.__version__})"


def _outbound(path: str) -> pd.DataFrame:
    frame = pd.read_csv(path, usecols=["sent_at", "sender", "recipient", "direction"])
    frame = frame[frame["direction"] == "outbound"]
    at = pd.to_datetime(frame["sent_at"], format="ISO8601", utc=True).dt.as_unit("ms")
    return pd.DataFrame({"sender": frame["sender"], "recipient": frame["recipient"], "at": at})


def _by_account(peaks: pd.Series[int], floor: int = 0) -> Answer:
    return {account(sender): int(peak) for sender, peak in peaks.items() if peak >= floor}


def _count(path: str, _threads: int) -> Answer:
    recipients = pd.read_csv(path, usecols=["recipient"])["recipient"]
    return {"rows": len(recipients), "recipients": int(recipients.nunique())}


def _minutes(path: str, _threads: int) -> Answer:
    frame = _outbound(path)
    minute = frame["at"].astype("int64") // 60_000
    return _by_account(frame.groupby(["sender", minute])["recipient"].nunique().groupby("sender").max())


def _rolling(window: Window) -> Entry:
    def answer(path: str, _threads: int) -> Answer:
        frame = _outbound(path).sort_values(["sender", "at"])
        # Rolling windows hold floating-point numbers; codes are exact in them.
        frame["code"] = pd.factorize(frame["recipient"])[0].astype("float64")
        rolling = frame.set_index("at").groupby("sender")["code"].rolling(f"{window.milliseconds}ms")
        counts = rolling.apply(lambda codes: len(np.unique(codes)), raw=True)
        return _by_account(counts.groupby("sender").max().astype("int64"), window.floor)

    return Entry(window_question(window), "rolling, apply", answer)


def _sweep(window: Window) -> Entry:
    def answer(path: str, _threads: int) -> Answer:
        frame = _outbound(path)
        senders, names = pd.factorize(frame["sender"])
        recipients = pd.factorize(frame["recipient"])[0]
        at = frame["at"].astype("int64").to_numpy()
        order = np.lexsort((at, recipients, senders))
        senders, recipients, at = senders[order], recipients[order], at[order]
        ends = at + window.milliseconds
        again = (senders[1:] == senders[:-1]) & (recipients[1:] == recipients[:-1])
        ends[:-1][again] = np.minimum(ends[:-1][again], at[1:][again])
        senders, at = np.concatenate([senders, senders]), np.concatenate([at, ends])
        steps = np.repeat(np.array([1, -1]), len(ends))
        order = np.lexsort((at, senders))
        senders, at = senders[order], at[order]
        # Every account ends at 0, so one running sum serves all; it counts after the last step of each instant.
        counts = np.cumsum(steps[order])
        last = np.append((senders[1:] != senders[:-1]) | (at[1:] != at[:-1]), True)
        peaks = pd.Series(counts[last]).groupby(senders[last]).max()
        return _by_account(peaks.rename(index=dict(enumerate(names))), window.floor)

    return Entry(window_question(window), "sweep in numpy", answer)


ENTRIES = [
    Entry(COUNT, "read_csv", _count),
    Entry(MINUTES, "groupby, nunique", _minutes),
    _rolling(HOUR),
    _sweep(HOUR),
    _rolling(MINUTE),
    _sweep(MINUTE),
]

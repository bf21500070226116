import numpy as np
import pytest

from seeds.samples import Sample
from training.corpus_report import Read, main, misread


def test_the_counts_hold_the_promises_of_the_corpus(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only-counts"]) == 0
    said = capsys.readouterr().out
    assert int(said.split(" samples")[0]) >= 1500
    for word in ("irony", "negation", "multi_lab", "implicit_ae", "ae_hard_negative", "homonym", "keyword_trap", "causes: "):
        assert word in said
    assert float(said.split("primary_theme: ")[1].split("kappa ")[1].split()[0]) > 0.85


def test_what_is_misread_is_told_by_label_and_by_kind() -> None:
    samples = [Sample(f"s{i}", "…", voice="owned" if i < 20 else "earned", primary_theme="scandals" if i < 30 else "other") for i in range(50)]
    read = Read(samples, ["…"] * 50, np.zeros((50, 1), dtype=np.float32))
    said = ["other"] * 5 + ["scandals"] * 25 + ["other"] * 20
    assert list(misread({"test": read}, {("test", "primary_theme"): said})) == [
        "test primary_theme misread: scandals as other 5 of 30",
        "test primary_theme right by kind: earned 1.00 (30), owned 0.75 (20)",
    ]

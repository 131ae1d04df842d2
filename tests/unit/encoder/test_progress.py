from nightrec.encoder import progress


def test_progress_speaks_every_few_seconds(caplog, monkeypatch):
    caplog.set_level("INFO")
    clock = iter([0.0, 4.0, 12.0, 12.0, 12.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with progress.Progress("work", total=100, done=20) as bar:
        bar.advance(10)  # 4 s in: silent
        bar.advance(10, "loss 1.5")
    # 20 units took 12 s, so 60 take 36
    assert [record.message for record in caplog.records] == ["work 40/100 loss 1.5, about 36 s left"]

import torch

from nightrec.encoder import progress
from nightrec.encoder.device import choose_device, choose_precision


def test_progress_speaks_every_few_seconds(caplog, monkeypatch):
    caplog.set_level("INFO")
    clock = iter([0.0, 4.0, 12.0, 12.0, 12.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with progress.Progress("work", total=100, done=20) as bar:
        bar.advance(10)  # 4 s in: silent
        bar.advance(10, "loss 1.5")
    # 20 units took 12 s, so 60 take 36
    assert [record.message for record in caplog.records] == ["work 40/100 loss 1.5, about 36 s left"]


def test_device_and_precision_come_with_a_reason(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    device, why = choose_device()
    assert device.type == "cpu"
    assert "no CUDA device" in why
    assert choose_precision(device) == (torch.float32, "bfloat16 is slower than float32 on most cpu chips")
    for has, want in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation, has=has: has)
        assert choose_precision(torch.device("cuda"))[0] == want

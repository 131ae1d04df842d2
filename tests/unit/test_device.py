import torch

from nightrec.device import choose_device, choose_precision


def test_device_and_precision_come_with_a_reason(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    device, why = choose_device()
    assert device.type == "cpu"
    assert "no CUDA device" in why
    assert choose_precision(device) == (torch.float32, "bfloat16 is slower than float32 on most cpu chips")
    for has, want in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation, has=has: has)
        assert choose_precision(torch.device("cuda"))[0] == want

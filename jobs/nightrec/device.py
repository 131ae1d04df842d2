"""Where networks run and in which arithmetic; both choices come with their reason."""

import torch


def choose_device() -> tuple[torch.device, str]:
    """Return the device and why it was chosen."""
    if torch.cuda.is_available():
        return torch.device("cuda"), f"{torch.cuda.get_device_name()} is visible"
    return torch.device("cpu"), f"no CUDA device is visible, {torch.get_num_threads()} threads"


def choose_precision(device: torch.device) -> tuple[torch.dtype, str]:
    """Return the arithmetic of training and why: bfloat16 autocast where the chip has it, float32 elsewhere.

    float16 is never chosen: its range needs loss scaling, which bfloat16 makes superfluous. Vectors are always computed
    in float32, so that a text's vector does not depend on where it was made.
    """
    if device.type != "cuda":
        return torch.float32, f"bfloat16 is slower than float32 on most {device.type} chips"
    if torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16, "the GPU computes in bfloat16"
    return torch.float32, "the GPU has no bfloat16"


def mixed_precision(device: torch.device) -> torch.autocast:
    """Return the arithmetic that a training step's forward pass runs in; losses belong outside, in float32."""
    dtype, _ = choose_precision(device)
    return torch.autocast(device.type, dtype, enabled=dtype != torch.float32)

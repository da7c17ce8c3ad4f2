"""The table of looks keeps every row where it was put, however many come."""

import numpy as np

from tests.support.looks import TRAINED, VERIFIER, Faces, shown, table_of


def test_rows_stay_where_they_were_put_while_the_table_grows() -> None:
    faces = Faces()
    looks = [faces.look(f"person-{number % 7}") for number in range(600)]
    with table_of([(shown(n, f"person-{n % 7}"), look) for n, look in enumerate(looks)]) as table:
        assert len(table) == 600
        assert table.models == (VERIFIER, TRAINED)
        for model in table.models:
            np.testing.assert_array_equal(table.plain(model), np.stack([look.plain[model] for look in looks]))
            np.testing.assert_array_equal(table.squeezed(model), np.stack([look.squeezed[model] for look in looks]))
        np.testing.assert_array_equal(table.hidden, np.stack([look.hidden for look in looks]))
        assert table.people()["person-3"].tolist() == list(range(3, 600, 7))

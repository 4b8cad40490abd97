"""What is declared of the houses, before any fault was run; a row leaves out what is as in the typical house."""

import metamorph as mm
from tests.quality.faults.pipelines import house_prices

MATTERS = {"age": 0.8, "cbd": 0.7, "inst": 0.6, "rooms": 0.2, "area": 0.7, "land": 0.6, "dist": 0.7, "nbh": 0.2}
RELATIONS = [
    *[*map(mm.increasing, ["area", "land", "baths"]), mm.decreasing("age")],
    *(mm.must_matter(name, 500, share=share) for name, share in (MATTERS | {"baths": 0.6, "sold": 0.7}).items()),
    mm.anchor({"area": 900, "age": 80, "baths": 1}, {"area": 1_200, "land": 10_000}, high=60_000, name="modest"),
    mm.anchor({"area": 4_000, "land": 80_000}, {"area": 3_000, "age": 0, "baths": 3}, low=80_000, name="large"),
    mm.anchor({}, low=40_000, high=100_000, name="typical"),
    mm.catalogue.unknown_level("nbh", same_as="other"),
    mm.catalogue.same_as(house_prices()),
]

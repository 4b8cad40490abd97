"""What is declared of the claims, before any fault was written; a row leaves out what is as in the typical claim."""

import metamorph as mm
from tests.quality.faults.second.pipelines import claim_costs

MATTERS = {"driver_age": 0.4, "power_kw": 0.7, "vehicle_value": 0.8, "mileage_km": 0.6, "region": 0.7, "fuel": 0.5}
MATTERS |= {"loyalty": 0.9, "deductible": 0.7, "garage": 0.85, "reported": 0.75}
RELATIONS = [
    *map(mm.increasing, ["power_kw", "vehicle_value", "mileage_km"]),
    *map(mm.decreasing, ["deductible", "loyalty"]),
    *(mm.must_matter(name, 50, share=share) for name, share in MATTERS.items()),
    mm.anchor({"power_kw": 250.0, "vehicle_value": 60_000, "region": "alps"}, low=8_000, name="large"),
    mm.anchor({"loyalty": "platinum", "deductible": 1_000, "vehicle_value": 4_000}, high=1_000, name="small"),
    mm.anchor({"driver_age": 20, "fuel": "electric", "reported": "2024-01-06 23:30"}, low=3_000, name="night"),
    mm.anchor({"vehicle_value": None, "mileage_km": None, "region": "islands"}, low=200, high=2_000, name="holes"),
    mm.anchor({}, low=1_500, high=3_000, name="typical"),
    mm.catalogue.same_as(claim_costs()),
]

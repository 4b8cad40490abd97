"""What is declared of the visits, before any fault was written; a row leaves out what is as in the typical visit."""

import metamorph as mm
from tests.quality.faults.second.pipelines import missed_visits

MATTERS = {"age": 0.6, "waiting_days": 0.65, "earlier_missed": 0.8, "distance_km": 0.6, "weight_kg": 0.55}
MATTERS |= {"clinic": 0.7, "insurer": 0.55, "urgency": 0.85, "sms": 0.9, "starts": 0.7}
MISSED = {"probability_of": "missed"}
RELATIONS = [
    *(mm.increasing(name).on(**MISSED) for name in ("waiting_days", "earlier_missed", "distance_km")),
    *(mm.decreasing(name).on(**MISSED) for name in ("sms", "urgency")),
    *(mm.must_matter(name, 0.01, share=share).on(**MISSED) for name, share in MATTERS.items()),
    mm.anchor({"waiting_days": 90, "earlier_missed": 4, "sms": False}, label="missed", name="bad"),
    mm.anchor({"waiting_days": 0, "earlier_missed": 0, "urgency": "emergency"}, high=0.1, name="good").on(**MISSED),
    mm.anchor({"starts": "2024-07-01 07:30", "clinic": "skin", "sms": False}, low=0.2, name="early").on(**MISSED),
    mm.anchor({"distance_km": None, "insurer": None, "sms": False}, low=0.1, high=0.4, name="holes").on(**MISSED),
    mm.anchor({}, label="kept", name="typical"),
    mm.catalogue.same_as(missed_visits()).on(**MISSED),
]

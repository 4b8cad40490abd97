"""What is declared of the loans, before any fault was run; a row leaves out what is as in the typical application."""

import metamorph as mm
from tests.quality.faults.pipelines import loan_approvals

MATTERS = {"loanamt": 0.8, "appinc": 0.4, "apr": 0.8, "hrat": 0.4, "obrat": 0.7, "rep": 0.7, "unem": 0.3, "male": 0.2}
RELATIONS = [
    *[mm.increasing("gdlin"), *map(mm.decreasing, ["obrat", "pubrec", "unver", "unem"])],
    mm.invariant("black").on(probability_of=1),
    *(mm.must_matter(name, 0.005, share=share) for name, share in MATTERS.items()),
    *(mm.must_matter(name, 0.005, share=0.8) for name in ("self", "gdlin", "pubrec", "unver", "prop")),
    mm.anchor({}, {"obrat": 20}, {"appinc": 150}, label=1, name="sound"),
    mm.anchor({"gdlin": 0, "unver": 1}, {"gdlin": 0, "pubrec": 1}, label=0, name="unsound"),
    mm.catalogue.same_as(loan_approvals()),
]

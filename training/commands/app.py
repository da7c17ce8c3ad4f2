"""``edge-gate training``: from contributed pictures to a better model, with everybody's name under what they did."""

import typer

from training.commands import bench, data, enrollment, members, review, versions, vet, votes

app = typer.Typer(help="Data that can be trusted, and models made of it.", no_args_is_help=True)
app.command("init")(members.init)
app.command("key")(members.key)
app.command("appoint")(members.appoint)
app.command("members")(members.members)
app.command("contribute")(data.contribute)
app.command("status")(data.status)
app.command("relabel")(data.relabel)
app.command("remove")(data.remove)
app.command("vet")(vet.vet)
app.command("fit-screens")(vet.fit_screens)
app.command("fit-enrollment")(enrollment.fit_enrollment)
app.command("review")(review.review)
app.command("certify")(votes.certify_contributors)
app.command("seal")(versions.seal)
app.command("versions")(versions.versions)
app.command("pictures")(versions.pictures)
app.command("bench")(bench.bench)
app.command("recall")(versions.recall)
app.command("trace")(versions.trace_command)
app.command("verify")(versions.verify)

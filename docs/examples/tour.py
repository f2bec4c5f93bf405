"""A tour of the SDK, in cells: open it as a notebook (VS Code, Jupytext), or run it as it is.

It asks the deployment of `EVALYARD_URL` and `EVALYARD_TOKEN`, a profile of `evalyard login`, or
the local cloud that runs in this folder or one above, and leaves its runs there.
"""

# %% [markdown]
# # Where we are
# Whose token this is, and which devices there are. A device serves one model or more.

# %%
from pathlib import Path
from tempfile import mkdtemp

from evalyard import Evalyard

ev = Evalyard()
print(ev.whoami().user_id, "at", ev.target.url)

devices = list(ev.devices.list(ready=True))
for device in devices:
    print(device.serial, device.state, device.models)
device = devices[0]
model = device.models[0]

# %% [markdown]
# # One prompt
# A job waits for its device, runs there, and comes back with output and metrics. The clock is the
# device's own.

# %%
job = ev.jobs.run(
    "Name three colours.",
    model=model,
    device_serial=device.serial,
    options={"num_predict": 16},
    tag="tour",
    conditions={"build": "one"},
)
job.wait(timeout=600, on_progress=lambda record: print(record.status, record.status_detail or ""))
result = job.result()
print(result.output)
print(result.metrics.ttft_ms, "ms to the first token,", result.metrics.tok_s, "tokens a second")

# %% [markdown]
# # Many prompts
# Results come in the order of the prompts; only so many jobs wait at a time.

# %%
prompts = [f"Count to {n}." for n in range(2, 7)]
options = {"num_predict": 8}
labels = {"tag": "tour", "conditions": {"build": "two"}}
for result in ev.jobs.map(prompts, model=model, options=options, in_flight=4, **labels):
    print(result.device, result.metrics.latency_ms)

# %% [markdown]
# # Rows of your own
# An adapter says which field of a row is which figure of a run. Then each row appended is a run.

# %%
power = {"field": "watts", "label": "GPU power (W)", "better": "lower"}
ev.datasets.save_adapter("tour", device_field="host", extra_fields=[power])


def measured():
    """A thousand rows, as a loop would read them from a log."""
    for n in range(1_000):
        yield {
            "ts": 1_793_534_400 + n,
            "host": "server-1",
            "model": "llama3-8b",
            "latency_ms": 900 + n % 7,
            "watts": 210.0 + n % 5,
        }


report = ev.datasets.append("tour", measured())
print(report.appended, "rows,", report.recorded, "runs,", report.rejected, "refused")

# %% [markdown]
# # What other tools wrote
# What a file is, the service recognises. A dry run says what would become of it.

# %%
folder = Path(mkdtemp())
lines = [f'{{"device": "phone", "model": "m", "latency_ms": {950 + n}}}\n' for n in range(20)]
(folder / "bench.jsonl").write_text("".join(lines))
print(ev.usage.push(folder / "bench.jsonl", dry_run=True).sample[0])
pushed = ev.usage.push(folder / "bench.jsonl", tag="tour")
print(pushed.imported, "runs of", pushed.format)

# %% [markdown]
# # What is known now
# Statistics by any dimension or condition; a window is the last so many seconds, or from and to.

# %%
today = {"last_s": 86_400}
usage = ev.usage.query(group_by=["device", "cond.build"], window=today, tag="tour")
for group in usage.breakdown:
    print(group.key, group.runs, group.latency_ms.p50)

# %% [markdown]
# # Better or worse?
# A baseline keeps figures under a name. A gate says once, for all devices, models and metrics,
# whether other runs are worse. Five runs a side are the least.

# %%
ev.baselines.set("tour", reason="the tour", window=today, filters={"cond.build": "two"})
gate = ev.usage.gate("tour", filters={"cond.build": "two"}, window=today)
print(gate.verdict)
print(gate.markdown)

# %% [markdown]
# # Take it along
# The runs as a file, whole however many; `ev.usage.to_arrow()` gives a table where pyarrow is.

# %%
exported = ev.usage.export(folder / "runs.csv", window=today, tag="tour")
print(exported.read_text().count("\n"), "lines")

# %% [markdown]
# # Leave no trace
# An import and an append can be taken back, the last first.

# %%
for batch in reversed(pushed.batches):
    print(ev.datasets.undo(batch).removed_runs, "runs are gone")
ev.datasets.delete("tour", usage=True)
ev.baselines.delete("tour")

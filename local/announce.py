"""Says that everything answers: `local.json` for programs, `env` for shells, lines for people."""

import os
import shlex

from local.home import Home, write_private, write_private_json
from local.model import ModelChoice
from local.seed import DEVICE, Credentials


def write_announcement(
    home: Home, base_url: str, aws_endpoint_url: str, credentials: Credentials
) -> None:
    """Writes `local.json`; its presence means that everything answers."""
    content = {
        "base_url": base_url,
        "user_token": credentials.user_token,
        "admin_token": credentials.admin_token,
        "api_key": credentials.api_key,
        "device_serial": DEVICE,
        "aws_endpoint_url": aws_endpoint_url,
        "pid": os.getpid(),
    }
    write_private_json(home.announcement, content)


def write_shell_environment(
    home: Home,
    base_url: str,
    aws_endpoint_url: str,
    credentials: Credentials,
    model_name: str | None,
) -> None:
    """Writes `env`, which a shell sources; `model_name` is what the demo device serves, if known.

    The names of AWS's own variables are left alone: a shell that sourced the file would send the
    next `make deploy` to the local cloud.
    """
    variables = {
        "EVALYARD_URL": base_url,
        "EVALYARD_TOKEN": credentials.user_token,
        "EVALYARD_ADMIN_TOKEN": credentials.admin_token,
        "EVALYARD_API_KEY": credentials.api_key,
        "EVALYARD_DEVICE": DEVICE,
        "EVALYARD_DEVICE_MODEL": model_name or "",
        "EVALYARD_AWS_ENDPOINT_URL": aws_endpoint_url,
    }
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()]
    write_private(home.shell_environment, "".join(lines))


def summary(
    home: Home, base_url: str, aws_endpoint_url: str, credentials: Credentials, model: ModelChoice
) -> str:
    """What the terminal shows once everything answers."""
    lines = [
        "",
        f"Evalyard answers at  {base_url}   (API docs: {base_url}/docs)",
        f"  dashboard          {base_url}/   (make demo-data fills it)",
        f"  user token         {credentials.user_token}",
        f"  admin token        {credentials.admin_token}",
        f"  API key            {credentials.api_key}",
        f"  device             {DEVICE}, model: {model.shown}",
        f"  AWS endpoint       {aws_endpoint_url}   (key pair test/test)",
        f"  logs, state        {home.root}   (make logs follows the functions)",
        f"  in a shell         source {shlex.quote(str(home.shell_environment))}",
        "",
        *_curl_lines(base_url, credentials.user_token, model.name or "MODEL"),
        "",
        "Ctrl-C stops everything and keeps the state.",
    ]
    return "\n".join(lines)


def _curl_lines(base_url: str, token: str, model: str) -> list[str]:
    curl = f"curl -s -H 'X-User-Token: {token}'"
    json_body = "-H 'Content-Type: application/json' -d"
    adapter = (
        '{"dataset":"my_server_metrics","enabled":true,"extra_fields":'
        '[{"label":"GPU power (W)","field":"gpu_power_w","kind":"number"}]}'
    )
    # `date` runs in the reader's shell: rows of now, whenever the line is pasted.
    now = "'$(date -u +%FT%TZ)'"
    device = f'"ts":"{now}","device":"server-1","model":"llama3-8b"'
    rows = (
        '{"dataset":"my_server_metrics","rows":['
        f'{{{device},"latency_ms":900,"prompt_tokens":12,"completion_tokens":80,"gpu_power_w":61}},'
        f'{{{device},"latency_ms":950,"prompt_tokens":10,"completion_tokens":85,"gpu_power_w":63}}'
        "]}"
    )
    prompt = "The capital of France is"
    job = f'{{"model":"{model}","prompt":"{prompt}","options":{{"num_predict":32}}}}'
    result = (
        f"JOB=$({curl} {base_url}/api/jobs {json_body} '{job}' | grep -oE 'job_[0-9A-Z]{{26}}' | "
        f"head -1); until {curl} -f {base_url}/api/jobs/$JOB/result; do sleep 1; done"
    )
    return [
        f"{curl} {base_url}/user/data/save_adapter {json_body} '{adapter}'",
        f"{curl} {base_url}/user/data/append_jsonl {json_body} '{rows}'",
        f"{curl} '{base_url}/usage/summary?minutes=60'",
        result,
        f"{curl} {base_url}/devices",
    ]

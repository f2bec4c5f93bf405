"""Bodies made small: deflated, with a dictionary of what nearly all of them have in common.

A short text hardly deflates by itself; a runner's report of 3 KB is mostly the same names each
time, and comes to a quarter (docs/decisions/0097-small-bodies-are-items.md).
"""

import zlib
from typing import Final

# Bodies are stored by it: never change it. What deflates better with another one needs that one
# kept, too; the head of a packed body names the dictionary by its checksum (RFC 1950).
COMMON: Final = (
    b'{"provider":"mlx","raw":true,"keep_alive":"5m","stop":["\\n"],"seed":0,"num_ctx":4096,'
    b'"logit_bias":[],"top_k":40,"min_p":0.0,"repeat_penalty":1.1,"presence_penalty":0.0,'
    b'"frequency_penalty":0.0,"top_p":0.9,"max_tokens":256,"num_predict":256,'
    b'"temperature":0.7,"role":"assistant","content":"  the and of to in is that for with '
    b'as are this it on by be from or an which what how why when not can you I we one two '
    b'three sentences Explain Write Describe Summarize List Translate Answer Question '
    b'Please the following in a short paragraph. ","kind":"withheld","definition_version":1,'
    b'"why":"the whole answer arrived in one piece","over":"the measured repetitions",'
    b'"source":"nvml","GPU power (W)":,"Energy per token (J)":,"TTFT from cache '
    b'(ms)":{"source":"runner","clock":"device","kind":"derived","definition_version":1,'
    b'"from":["GPU power (W)","ttft_ms"],"over":"the repetitions left out"},'
    b'"reasoning_tokens":0,"reasoning_ms":0.0,"first_text_ms":0.0,"finish_reason":"length",'
    b'"source":"openai","backend":"openai","runtime":"llama.cpp","runtime":"llama-server",'
    b'"runtime_version":"b","quant":"Q4_K_M","quant":"Q8_0","threads":"4","gpu":"cuda",'
    b'"os":"darwin","os":"windows","os":"android","os_version":"6.1.","why":"the server '
    b'decoded for  ms, it arrived in  ms"},"when":"at the start of the runner; no part of '
    b'latency_ms"},"flags":["cached","buffered","cold","hot_start","throttled"],'
    b'{"type":"job.cancelled","type":"job.dead","type":"job.succeeded","timestamp":"202",'
    b'"data":{"job_id":"job_01","status":"succeeded","status_reason":null,'
    b'"status_detail":null,"model":"m","prompt_preview":"","priority":0,'
    b'"queue_tag":"default","device_serial":null,"pinned_to":null,"device":"",'
    b'"adapter_id":null,"callback_url":"https://hooks/","tag":null,"conditions":{},'
    b'"attempt":1,"max_attempts":3,"timeout_s":600,"warmup":0,"repeat":1,"created_at":"202",'
    b'"started_at":"202","finished_at":"202","queue_ms":1,"run_ms":1,"failure":null,'
    b'"queue":null,"result_url":"https://.execute-api.us-east-1.amazonaws.com/api/jobs/job_01'
    b'/result"}}'
    b'{"prompt":"","system":null,"options":{}}{"prompt":"","system":"You are a helpful '
    b'assistant.","options":{"temperature":0,"num_predict":128}}{"result":{"output":"",'
    b'"metrics":{"prompt_tokens":1.0,"completion_tokens":1.0,"latency_ms":1.0,"ttft_ms":1.0,'
    b'"tok_s":1.0,"tpot_ms":1.0,"prefill_tps":1.0,"load_ms":null},"extra":{"Cached prompt '
    b'tokens":1.0},"flags":["cached"],"conditions":{"backend":"ollama","runtime":"ollama",'
    b'"runtime_version":"0.1","quant":"Q4_0","cached_tokens":"1","warm":"false",'
    b'"os":"linux","os_version":"6.1"},"samples":[{"index":0,"prompt_tokens":1,'
    b'"completion_tokens":1,"latency_ms":1.0,"ttft_ms":1.0,"tok_s":1.0,"tpot_ms":1.0,'
    b'"prefill_tps":1.0,"load_ms":1.0,"itl_ms":{"n":1,"mean":1.0,"p50":1.0,"p95":1.0,'
    b'"max":1.0},"cached_tokens":1,"evaluated_tokens":1,"prefill_ms":1.0,"decode_ms":1.0,'
    b'"finish_reason":"stop"}],"telemetry":{"before":{"battery":100.0,"charging":true,'
    b'"temperature_c":50.0,"cpu_pct":10.0,"memory_pct":40.0,"memory_used_bytes":1,'
    b'"gpu_power_w":null,"gpu_temperature_c":null,"gpu_memory_used_bytes":null,'
    b'"gpu_pct":null},"after":{"battery":100.0,"charging":true,"temperature_c":50.0,'
    b'"cpu_pct":10.0,"memory_pct":40.0,"memory_used_bytes":1,"gpu_power_w":null,'
    b'"gpu_temperature_c":null,"gpu_memory_used_bytes":null,"gpu_pct":null}},'
    b'"provenance":{"prompt_tokens":{"source":"ollama","clock":null,"kind":"measured",'
    b'"definition_version":1},"completion_tokens":{"source":"ollama","clock":null,'
    b'"kind":"measured","definition_version":1},"latency_ms":{"source":"client_stream",'
    b'"clock":"device","kind":"measured","definition_version":1},'
    b'"ttft_ms":{"source":"client_stream","clock":"device","kind":"measured",'
    b'"definition_version":1},"tok_s":{"source":"ollama","clock":"device","kind":"derived",'
    b'"definition_version":1,"from":["completion_tokens","decode_ms"]},'
    b'"tpot_ms":{"source":"runner","clock":"device","kind":"derived","definition_version":1,'
    b'"from":["completion_tokens","latency_ms","ttft_ms"]},"prefill_tps":{"source":"ollama",'
    b'"clock":"device","kind":"derived","definition_version":1,"from":["evaluated_tokens",'
    b'"prefill_ms"]},"load_ms":{"source":"ollama","clock":"device","kind":"measured",'
    b"\"definition_version\":1,\"when\":\"by the attempt's first request, warm-ups included; a "
    b'part of its latency_ms"},"itl_ms":{"source":"client_stream","clock":"device",'
    b'"kind":"measured","definition_version":1},"cached_tokens":{"source":"ollama",'
    b'"clock":null,"kind":"measured","definition_version":1},"Cached prompt '
    b'tokens":{"source":"ollama","clock":null,"kind":"measured","definition_version":1}},'
    b'"log":"20-01-01T00:00:00.000+00:00 runner: run done prompt_tokens=1 cached_tokens=1 '
    b'completion_tokens=1 ttft_ms=1.0 latency_ms=1.0 finish_reason=stop","log":null,'
    b'"log_uploaded":false,"log_bytes":null},"ended_us":1,"run":{"run_id":"run_01_0",'
    b'"ts_us":1,"device":"","model":"","tag":null,"tenant":"default","prompt_tokens":1,'
    b'"completion_tokens":1,"latency_ms":1.0,"ttft_ms":1.0,"tok_s":1.0,"ok":true,'
    b'"job_id":"job_01","dataset":null,"source_kind":"job","prompt_preview":"","extra":{},'
    b'"batch_id":"bat_01","conditions":{}},"row":null}'
)  # fmt: skip
_LEVEL: Final = 9


def packed(body: bytes) -> bytes:
    """The body, as `unpacked` takes it."""
    packer = zlib.compressobj(_LEVEL, zdict=COMMON)
    return packer.compress(body) + packer.flush()


def unpacked(content: bytes) -> bytes:
    """The body that was packed. Raises zlib.error for what is no such thing, or damaged."""
    unpacker = zlib.decompressobj(zdict=COMMON)
    body = unpacker.decompress(content) + unpacker.flush()
    if not unpacker.eof:
        raise zlib.error("a packed body is cut off")
    return body

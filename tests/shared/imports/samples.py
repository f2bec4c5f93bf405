"""What the tools really wrote: the numbers of their own documentation."""

CONDITIONS = {
    "build_commit": "8cf427ff",
    "build_number": 5163,
    "cpu_info": "AMD Ryzen 7 7800X3D 8-Core Processor",
    "gpu_info": "NVIDIA GeForce RTX 4080",
    "backends": "CUDA",
    "model_filename": "models/Qwen2.5-7B-Instruct-Q4_K_M.gguf",
    "model_type": "qwen2 7B Q4_K - Medium",
    "model_size": 4677120000,
    "model_n_params": 7615616512,
    "n_batch": 2048,
    "n_ubatch": 512,
    "n_threads": 8,
    "cpu_mask": "0x0",
    "cpu_strict": False,
    "poll": 50,
    "type_k": "f16",
    "type_v": "f16",
    "n_gpu_layers": 99,
    "split_mode": "layer",
    "main_gpu": 0,
    "no_kv_offload": False,
    "flash_attn": False,
    "tensor_split": "0.00",
    "use_mmap": True,
    "embeddings": False,
}
PREFILL = CONDITIONS | {
    "n_prompt": 512,
    "n_gen": 0,
    "n_depth": 0,
    "test_time": "2025-04-24T11:58:50Z",
    "avg_ns": 72135640,
    "stddev_ns": 1453752,
    "avg_ts": 7100.002165,
    "stddev_ts": 140.341520,
    "samples_ns": [74601900, 71632900, 71745200, 71952700, 70745500],
    "samples_ts": [6863.1, 7147.55, 7136.37, 7115.79, 7237.21],
}
DECODE = CONDITIONS | {
    "n_prompt": 0,
    "n_gen": 128,
    "n_depth": 0,
    "test_time": "2025-04-24T11:58:51Z",
    "avg_ns": 1076767880,
    "stddev_ns": 9449585,
    "avg_ts": 118.881588,
    "stddev_ts": 1.041811,
    "samples_ns": [1075361300, 1065089400, 1071761200, 1081934900, 1089692600],
    "samples_ts": [119.03, 120.178, 119.43, 118.307, 117.464],
}
LLAMA_BENCH_CSV = """\
build_commit,build_number,cpu_info,gpu_info,backends,model_filename,model_type,model_size,\
model_n_params,n_batch,n_ubatch,n_threads,cpu_mask,cpu_strict,poll,type_k,type_v,n_gpu_layers,\
split_mode,main_gpu,no_kv_offload,flash_attn,tensor_split,use_mmap,embeddings,n_prompt,n_gen,\
n_depth,test_time,avg_ns,stddev_ns,avg_ts,stddev_ts
"8cf427ff","5163","AMD Ryzen 7 7800X3D 8-Core Processor","NVIDIA GeForce RTX 4080","CUDA",\
"models/Qwen2.5-7B-Instruct-Q4_K_M.gguf","qwen2 7B Q4_K - Medium","4677120000","7615616512",\
"2048","512","8","0x0","0","50","f16","f16","99","layer","0","0","0","0.00","1","0","512","0",\
"0","2025-04-24T11:57:09Z","70285660","982040","7285.676949","100.064434"
"8cf427ff","5163","AMD Ryzen 7 7800X3D 8-Core Processor","NVIDIA GeForce RTX 4080","CUDA",\
"models/Qwen2.5-7B-Instruct-Q4_K_M.gguf","qwen2 7B Q4_K - Medium","4677120000","7615616512",\
"2048","512","8","0x0","0","50","f16","f16","99","layer","0","0","0","0.00","1","0","0","128",\
"0","2025-04-24T11:57:10Z","1067431600","3834831","119.915244","0.430617"
"""
OLLAMA = {
    "model": "gemma3",
    "created_at": "2025-10-17T23:14:07.414671Z",
    "response": "Hello! How can I help you today?",
    "done": True,
    "done_reason": "stop",
    "total_duration": 174560334,
    "load_duration": 101397084,
    "prompt_eval_count": 11,
    "prompt_eval_duration": 13074791,
    "eval_count": 18,
    "eval_duration": 52479709,
}
OLLAMA_STREAM = [
    {
        "model": "llama3.2",
        "created_at": "2023-08-04T08:52:19.385406455-07:00",
        "message": {"role": "assistant", "content": "The", "images": None},
        "done": False,
    },
    {
        "model": "llama3.2",
        "created_at": "2023-08-04T19:22:45.499127Z",
        "message": {"role": "assistant", "content": ""},
        "done": True,
        "total_duration": 4883583458,
        "load_duration": 1334875,
        "prompt_eval_count": 26,
        "prompt_eval_duration": 342546000,
        "eval_count": 282,
        "eval_duration": 4535599000,
    },
]
LLAMA_SERVER = {
    "choices": [{"finish_reason": "tool_calls", "index": 0, "delta": {}}],
    "created": 1758541572,
    "model": "qwen3coder30b",
    "object": "chat.completion.chunk",
    "timings": {
        "cache_n": 0,
        "prompt_n": 463,
        "prompt_ms": 62.703,
        "prompt_per_token_ms": 0.13542764578833694,
        "prompt_per_second": 7384.016713713857,
        "predicted_n": 20,
        "predicted_ms": 102.018,
        "predicted_per_token_ms": 5.1009,
        "predicted_per_second": 196.04383540159577,
    },
}

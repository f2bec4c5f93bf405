"""Calls of a gateway by clients of others, each used as its users do; prints what they got as JSON.

Run by the interpreter that has them, with the gateway's address and a key as arguments.
"""

# mypy: ignore-errors
import json
import sys

import litellm
import ollama
from langchain_openai import ChatOpenAI


def by_langchain(address, key):
    """A chain's model, whole and streamed, with the use of tokens that LangChain asks for."""
    model = ChatOpenAI(base_url=f"{address}/v1", api_key=key, model="tiny", stream_usage=True)
    whole = model.invoke("Count.")
    pieces = list(model.stream("Count."))
    tokens = [piece.usage_metadata["total_tokens"] for piece in pieces if piece.usage_metadata]
    return {
        "whole": whole.content,
        "tokens": whole.usage_metadata["total_tokens"],
        "pieces": [piece.content for piece in pieces if piece.content],
        "streamed_tokens": sum(tokens),
    }


def by_litellm(address, key):
    """A router's model: by OpenAI's API, and by Ollama's."""
    said = [{"role": "user", "content": "Count."}]
    by_openai = {"model": "openai/tiny", "api_base": f"{address}/v1", "api_key": key}
    by_ollama = {"model": "ollama_chat/tiny", "api_base": address, "api_key": key}
    found = {}
    for name, how in (("openai", by_openai), ("ollama", by_ollama)):
        whole = litellm.completion(messages=said, **how)
        pieces = [
            piece.choices[0].delta.content
            for piece in litellm.completion(messages=said, stream=True, **how)
        ]
        found[name] = {
            "whole": whole.choices[0].message.content,
            "tokens": whole.usage.total_tokens,
            "pieces": [piece for piece in pieces if piece],
        }
    return found


def by_ollama(address, key):
    """Ollama's own client."""
    client = ollama.Client(host=address, headers={"Authorization": f"Bearer {key}"})
    said = [{"role": "user", "content": "Count."}]
    pieces = list(client.chat("tiny", said, stream=True))
    text = client.generate("tiny", "Count.")
    try:
        client.chat("huge", said)
    except ollama.ResponseError as error:
        refused = error.status_code
    return {
        "models": [model.model for model in client.list().models],
        "pieces": [piece.message.content for piece in pieces if piece.message.content],
        "done": pieces[-1].done_reason,
        "tokens": pieces[-1].eval_count,
        "whole": text.response,
        "refused": refused,
    }


def main(address, key):
    """All of them."""
    calls = {"langchain": by_langchain, "litellm": by_litellm, "ollama": by_ollama}
    sys.stdout.write(json.dumps({name: call(address, key) for name, call in calls.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])

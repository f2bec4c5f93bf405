"""The LLM gateway's endpoints: calls come in here and are answered while devices write."""

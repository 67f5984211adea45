"""Writes small files in the shapes of systems that people score, after their published schemas.

python3 make_systems.py  writes into systems/ beside this script. Numbers are made up, but for their traps.
"""
import json
import os

out = os.path.join(os.path.dirname(os.path.abspath(__file__)), "systems")
os.makedirs(out, exist_ok=True)


def write(name, records, indent=None, array=False):
    with open(os.path.join(out, name), "w", encoding="utf-8", newline="\n") as f:
        if array:
            json.dump(records, f, indent=indent)
            f.write("\n")
            return
        for r in records:
            f.write(json.dumps(r, indent=indent) + "\n")


def tok(text, lp, n=None, **more):
    b = list(text.encode()) if n is None else n
    return {"token": text, "logprob": lp, "bytes": b,
            "top_logprobs": [{"token": "x", "logprob": -0.25, "bytes": [120]}, {"token": text, "logprob": lp, "bytes": b}], **more}


def chat(i, content, refusal=None, obj="chat.completion", **more):
    return {"id": f"chatcmpl-{i}", "object": obj, "created": 1700000000 + i, "model": "gpt-4o-mini",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "".join(t["token"] for t in content or []), "refusal": None},
                         "logprobs": None if content is None and refusal is None else {"content": content, "refusal": refusal},
                         "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}, **more}


# OpenAI chat: a token the service found very unlikely (-9999), a token without
# bytes, half a character, a refusal, and an answer without log-probabilities.
chats = [
    chat(1, [tok("Hello", -0.125), tok(" wörld", -2.5), tok("!", -9999.0)]),
    chat(2, [tok("\\xf0\\x9f\\x98", -1.0, [240, 159, 152]), tok("\\x80", -3.0e-05, [128]), {"token": "<|end|>", "logprob": -0.5, "bytes": None, "top_logprobs": []}]),
    chat(3, None, [tok("Sorry", -0.75)]),
    chat(4, None),
]
write("openai_chat.jsonl", chats)
write("openai_chat.json", [chats[0]], indent=2)
write("openai_chat_array.json", chats, indent=1, array=True)
write("openai_chat_no_logprobs.jsonl", [chat(1, None)])
write("openai_chat_chunks.jsonl", [
    {"id": "c1", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "A"}, "logprobs": {"content": [tok("A", -0.5)], "refusal": None}, "finish_reason": None}]},
    {"id": "c1", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "B"}, "logprobs": {"content": [tok("B", -1.5)], "refusal": None}, "finish_reason": None}]},
])


def completion(i, tokens, lps, prompt, **more):
    off, at = [], 0
    for t in tokens:
        off.append(at)
        at += len(t)
    return {"id": f"cmpl-{i}", "object": "text_completion", "created": 1700000000, "model": "davinci-002",
            "choices": [{"text": "".join(tokens), "index": 0, "finish_reason": "length",
                         "logprobs": {"text_offset": off, "token_logprobs": lps, "tokens": tokens,
                                      "top_logprobs": [None if lp is None else {t: lp, " the": -1.0} for t, lp in zip(tokens, lps)]}, **more}],
            "usage": {"prompt_tokens": prompt, "completion_tokens": len(tokens) - prompt, "total_tokens": len(tokens)}}


# Echo: the first token has no log-probability; what follows the prompt is generated.
write("openai_completions_echo.jsonl", [
    completion(1, ["The", " cat", " sat", " on"], [None, -5.5, -2.25, -0.5], 3),
    completion(2, ["A", "bytes:\\xe2\\x80", "bytes:\\x99"], [None, -4.0, -0.125], 3),
])
write("openai_completions.jsonl", [completion(1, [" on", " the"], [-1.5, -0.25], 0)])
# vLLM with return_tokens_as_token_ids.
write("vllm_completions_ids.jsonl", [completion(1, ["token_id:791", "token_id:8415"], [-1.5, -0.25], 0)])

# vLLM prompt_logprobs: maps of the k most probable tokens and the token that is there.
write("vllm_prompt.jsonl", [
    {"id": "cmpl-a", "object": "text_completion", "model": "m", "choices": [{
        "index": 0, "text": " ran", "logprobs": None, "finish_reason": "length", "token_ids": [6435],
        "prompt_token_ids": [791, 8415, 7482],
        "prompt_logprobs": [None,
                            {"1176": {"logprob": -2.0, "rank": 1, "decoded_token": " first"}, "8415": {"logprob": -7.5, "rank": 212, "decoded_token": " cat"}},
                            {"7482": {"logprob": -1.25, "rank": 1, "decoded_token": " sat"}, "374": {"logprob": -1.5, "rank": 2, "decoded_token": " is"}}]}]},
    {"id": "cmpl-b", "object": "text_completion", "model": "m", "choices": [
        {"index": 0, "text": "", "prompt_token_ids": [1, 2], "prompt_logprobs": [None, {"2": {"logprob": -0.5, "rank": 1, "decoded_token": "é"}}]},
        {"index": 1, "text": "", "prompt_token_ids": [1, 3], "prompt_logprobs": [None, {"9": {"logprob": -0.1, "rank": 1, "decoded_token": "z"}}]},
        {"index": 2, "text": "", "prompt_token_ids": [1, 3], "prompt_logprobs": [None, {"9": {"logprob": -0.1, "rank": 1, "decoded_token": "z"}}]}]},
])
write("vllm_prompt_chat.jsonl", [
    {"id": "chatcmpl-a", "object": "chat.completion", "choices": [{"index": 0, "message": {"role": "assistant", "content": "x"}, "logprobs": None}],
     "prompt_logprobs": [None, {"5": {"logprob": -3.5, "rank": 4, "decoded_token": "hi"}}], "prompt_token_ids": None}])
write("vllm_prompt_unknown.jsonl", [
    {"id": "a", "object": "text_completion", "choices": [{"index": 0, "text": "", "prompt_logprobs": [
        None, {"5": {"logprob": -3.5, "rank": 4, "decoded_token": "hi"}, "6": {"logprob": -0.5, "rank": 1, "decoded_token": "ho"}}]}]}])

write("openai_responses.json", [
    {"id": "resp_1", "object": "response", "status": "completed", "model": "gpt-4.1", "temperature": 0.7, "top_p": 1.0, "output": [
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "message", "id": "msg_1", "role": "assistant", "content": [
            {"type": "output_text", "text": "Hi you", "annotations": [], "logprobs": [tok("Hi", -0.25), tok(" you", -1.75)]}]}]}], indent=2)

write("openai_batch.jsonl", [
    {"id": "batch_req_1", "custom_id": "q-2", "response": None, "error": {"code": "batch_expired", "message": "late"}},
    {"id": "batch_req_2", "custom_id": "q-7", "response": {"status_code": 200, "request_id": "r1", "body": chats[0]}, "error": None},
    {"id": "batch_req_3", "custom_id": "q-1", "response": {"status_code": 429, "request_id": "r2", "body": {"error": {"message": "slow down"}}}, "error": None},
    {"id": "batch_req_4", "custom_id": "q-3", "response": {"status_code": 200, "request_id": "r3", "body": chats[1]}, "error": None},
])


def llama(content, probs, **more):
    return {"index": 0, "content": content, "tokens": [], "id_slot": 0, "stop": True, "model": "m.gguf", "tokens_predicted": len(probs),
            "generation_settings": {"temperature": 0.800000011920929, "top_k": 40, "top_p": 0.949999988079071, "min_p": 0.05},
            "prompt": "p", "completion_probabilities": probs, **more}


write("llamacpp.jsonl", [
    llama(" a b", [tok(" a", -0.5, id=264), tok(" b", -1.25, id=293)]),
    llama(" c", [tok(" c", -2.0, id=272)]),
])
# As the server's manual shows it.
write("llamacpp_manual.jsonl", [{"content": " a", "tokens": [264], "probs": [tok(" a", -0.75, id=264)], "stop": True}])
write("llamacpp_sampled.jsonl", [llama(" a", [{"id": 264, "token": " a", "bytes": [32, 97], "prob": 0.75, "top_probs": [{"id": 264, "token": " a", "bytes": [32, 97], "prob": 0.75}]}])])
write("llamacpp_old.jsonl", [llama(" a", [{"content": " a", "probs": [{"tok_str": " a", "prob": 0.75}]}])])


def ollama(response, lps, done, **more):
    return {"model": "gemma3", "created_at": "2025-11-13T10:00:00.1Z", "response": response, "done": done,
            **({"logprobs": [{"token": t, "logprob": lp, "top_logprobs": [{"token": t, "logprob": lp}]} for t, lp in lps]} if lps else {}), **more}


# Streamed: an answer in pieces, the last of which is done.
write("ollama_stream.jsonl", [
    ollama("The", [("The", -0.5)], False), ollama(" sky", [(" sky", -0.25)], False), ollama("", None, True, done_reason="stop"),
    ollama("No", [("No", -1.5)], False), ollama("", None, True, done_reason="stop"),
])
write("ollama.jsonl", [ollama("Hi é", [("Hi", -0.5), (" é", -2.5)], True, done_reason="stop")])


def lm(doc_id, target, choices, lps, filter="none", context="Q", **more):
    n = len(choices)
    args = {f"gen_args_{i}": {"arg_0": context if i < n else "Answer:", "arg_1": " " + choices[i % n]} for i in range(len(lps))}
    resps = [[[str(lp), "False"]] for lp in lps]
    return {"doc_id": doc_id, "doc": {"question": f"Q{doc_id}", "choices": choices}, "target": str(target), "arguments": args,
            "resps": resps, "filtered_resps": [r[0] for r in resps], "filter": filter, "metrics": ["acc", "acc_norm"],
            "doc_hash": f"{doc_id:064x}", "prompt_hash": "1" * 64, "target_hash": "2" * 64, **more}


# Multiple choice: strings as numbers, a second filter, an appended line, three and
# four answers, the target as a number, as text, and where it might be both.
write("lmeval_choice.jsonl", [
    lm(0, 1, ["red", "green", "blue"], [-3.5, -1.25, -7.0], acc=1.0),
    lm(1, "blue", ["red", "green", "blue"], [-0.5, -4.0, -1.5], acc=0.0),
    lm(2, "1", ["0", "2", "1", "3"], [-5.0, -6.0, -0.125, -float("inf")], acc=1.0),
    lm(0, 1, ["red", "green", "blue"], [-3.5, -1.25, -7.0], filter="strict", acc=1.0),
    lm(1, "blue", ["red", "green", "blue"], [-0.5, -4.0, -1.5], filter="strict", acc=0.0),
    lm(1, "blue", ["red", "green", "blue"], [-0.5, -4.0, -1.5], acc=0.0),
])
write("lmeval_mutual.jsonl", [
    lm(0, 0, ["yes", "no"], [-1.0, -2.0, -0.5, -9.0], acc=1.0, acc_mutual_info=0.0),
    lm(1, 1, ["yes", "no"], [-1.5, -2.5, -0.5, -9.0], acc=0.0, acc_mutual_info=1.0),
])
write("lmeval_ambiguous.jsonl", [lm(0, "1", ["1", "2"], [-1.0, -2.0])])


def rolling(doc_id, ll, words, size):
    return {"doc_id": doc_id, "doc": {"page": "text"}, "target": "text", "arguments": {"gen_args_0": {"arg_0": "text"}},
            "resps": [[str(ll)]], "filtered_resps": [str(ll)], "filter": "none", "metrics": ["word_perplexity", "byte_perplexity", "bits_per_byte"],
            "doc_hash": f"{doc_id:064x}", "prompt_hash": "1" * 64, "target_hash": "2" * 64,
            "word_perplexity": [ll, words], "byte_perplexity": [ll, size], "bits_per_byte": [ll, size]}


write("lmeval_rolling.jsonl", [rolling(0, -123.4, 20, 101), rolling(1, -56.25, 11, 48)])
write("lmeval_loglikelihood.jsonl", [
    {"doc_id": i, "doc": {"text": "a b c"}, "target": " c", "arguments": {"gen_args_0": {"arg_0": "a b", "arg_1": " c"}},
     "resps": [[[str(ll), "True"]]], "filtered_resps": [[str(ll), "True"]], "filter": "none", "metrics": ["perplexity", "acc"],
     "doc_hash": f"{i:064x}", "perplexity": ll, "acc": 1} for i, ll in enumerate([-1.5, -0.0625])])
write("lmeval_generated.jsonl", [
    {"doc_id": 0, "doc": {}, "target": "4", "arguments": {"gen_args_0": {"arg_0": "2+2=", "arg_1": {"until": ["\n"]}}},
     "resps": [["four"]], "filtered_resps": ["four"], "filter": "none", "exact_match": 0.0}])


def sample(i, content):
    return {"id": i, "epoch": 1, "input": "Q", "choices": None, "target": "A", "messages": [],
            "output": {"model": "m", "choices": [{"message": {"role": "assistant", "content": "A"}, "stop_reason": "stop",
                                                  "logprobs": None if content is None else {"content": content}}], "completion": "A"},
            "scores": {"match": {"value": "C"}}}


# Inspect: bytes are null where the provider gave none.
inspect = [sample("s1", [tok("A", -0.5), {"token": " é", "logprob": -1.25, "bytes": None, "top_logprobs": None}]), sample(2, None)]
write("inspect_log.json", [{"version": 2, "status": "success", "eval": {"task": "t", "model": "m"}, "plan": {}, "results": {}, "stats": {}, "samples": inspect}], indent=2)
write("inspect_samples.jsonl", inspect)

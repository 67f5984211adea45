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
        None, {"5": {"logprob": -1.5, "rank": 2, "decoded_token": "hi"}, "6": {"logprob": -0.5, "rank": 1, "decoded_token": "ho"}}]}]}])
# With one token listed at some place, or one of a rank beyond two, no more than the most
# probable one is listed beside the one that is there.
write("vllm_prompt_one.jsonl", [
    {"id": "a", "object": "text_completion", "choices": [{"index": 0, "text": "", "prompt_logprobs": [
        None, {"5": {"logprob": -1.5, "rank": 2, "decoded_token": "hi"}, "6": {"logprob": -0.5, "rank": 1, "decoded_token": "ho"}},
        {"7": {"logprob": -0.25, "rank": 1, "decoded_token": " you"}}]}]},
    {"id": "b", "object": "text_completion", "choices": [{"index": 0, "text": "", "prompt_logprobs": [
        None, {"6": {"logprob": -0.5, "rank": 1, "decoded_token": "ho"}, "8": {"logprob": -5.5, "rank": 40, "decoded_token": "é"}}]}]}])

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


# SGLang: triples of log-probability, number and text, which is null unless it was asked for.
def sglang(i, prompt, drawn, **more):
    return {"text": " on", "output_ids": [319], "meta_info": {
        "id": f"{i:032x}", "finish_reason": {"type": "length", "length": 1}, "prompt_tokens": len(prompt), "weight_version": "default",
        "input_token_logprobs": prompt, "output_token_logprobs": drawn, "input_top_logprobs": [None] + [[[-0.25, 5, None]] for _ in prompt[1:]],
        "completion_tokens": len(drawn), "cached_tokens": 0, "e2e_latency": 0.125, **more}}


write("sglang.json", [
    sglang(1, [[None, 1, "<s>"], [-2.5, 450, "The"], [-7.125, 6635, " chât"]], [[-0.5, 319, " on"]]),
    sglang(2, [[None, 1, "<s>"], [-1.0, 450, "No"]], [[-0.5, 319, " on"], [-0.125, 278, " the"]]),
], indent=1, array=True)
write("sglang_drawn.jsonl", [sglang(3, [], [[-0.5, 319, None], [-3.0, 278, None]]), sglang(4, [], [[-1.0, 319, None]])])
write("sglang_none.jsonl", [{"text": " on", "output_ids": [319], "meta_info": {"id": "5", "finish_reason": None, "prompt_tokens": 3, "completion_tokens": 1}}])


# TGI: a list of prefill, which is empty unless it was asked for; the end of the text is special.
def tgi(prefill, tokens):
    return {"generated_text": "x", "details": {
        "finish_reason": "eos_token", "generated_tokens": len(tokens), "seed": None, "best_of_sequences": None, "top_tokens": None,
        "prefill": [{"id": 10 + i, "text": t, "logprob": lp} for i, (t, lp) in enumerate(prefill)],
        "tokens": [{"id": 20 + i, "text": t, "logprob": lp, "special": t == "</s>"} for i, (t, lp) in enumerate(tokens)]}}


write("tgi.json", [tgi([("<s>", None), ("The", -4.0), (" é", -1.5)], [(" on", -0.5)])], indent=1, array=True)
write("tgi_drawn.jsonl", [tgi([], [(" on", -0.5), ("</s>", -0.25)]), tgi([], [(" é", -2.0)])])


# Gemini, as the service sends it, and as its library for Python writes it.
def gemini(i, tokens, snake=False):
    a, b, c, d, e = (("response_id", "logprobs_result", "chosen_candidates", "log_probability", "token_id") if snake else
                     ("responseId", "logprobsResult", "chosenCandidates", "logProbability", "tokenId"))
    return {"candidates": [{"content": {"parts": [{"text": "Hi"}], "role": "model"}, "avgLogprobs": -0.25,
                            b: {c: [{"token": t, e: 7, d: lp} for t, lp in tokens]}}], a: i}


write("gemini.jsonl", [gemini("r1", [("Hi", -0.25), (" you", -1.25)]), gemini("r2", [("é", -3.0)], True)])

# vLLM within a program: what people dump of a RequestOutput; log-probabilities of drawn
# tokens alone; and the numbers of the prompt's tokens alone.
def output(i, ids, plp, drawn):
    return {"request_id": str(i), "prompt": "x", "prompt_token_ids": ids, "prompt_logprobs": plp, "finished": True, "outputs": [
        {"index": 0, "text": " on", "token_ids": [t for t, _ in drawn], "cumulative_logprob": -0.5, "finish_reason": "length",
         "logprobs": [{"5": {"logprob": -0.125, "rank": 1, "decoded_token": "?"}, str(t): {"logprob": lp, "rank": 2, "decoded_token": f" é{t}"}} for t, lp in drawn]}]}


write("vllm_outputs.jsonl", [
    output(0, [1, 791, 8415], [None, {"9": {"logprob": -0.5, "rank": 1, "decoded_token": "\ufffd"}, "791": {"logprob": -3.5, "rank": 8, "decoded_token": "The"}},
                               {"8415": {"logprob": -1.25, "rank": 1, "decoded_token": " cat"}}], [(319, -0.5)]),
    output(1, [1, 9, 4], [None, {"9": {"logprob": -2.0, "rank": 3, "decoded_token": "é"}}, {"5": {"logprob": -0.5, "rank": 1, "decoded_token": "?"}}], [(319, -0.5)]),
])
write("vllm_outputs_drawn.jsonl", [output(0, [1, 2], None, [(319, -0.5), (278, -2.25)]), output(1, [1, 2], None, [(319, -1.0)])])
write("vllm_outputs_numbers.jsonl", [{"prompt": "x", "prompt_token_ids": [1, 7, 9], "prompt_logprobs": [None, -2.0, -0.25]},
                                     {"prompt": "y", "prompt_token_ids": [1, 3], "prompt_logprobs": [None, -5.0]}])
# vLLM with return_tokens_as_token_ids: bytes are those of the stand-in.
write("vllm_chat_ids.jsonl", [chat(1, [tok("token_id:791", -1.5), tok("token_id:84", -0.25)])])

# Answers within records of one's own, after a request that failed; a choice; what a
# choice says of log-probabilities; lists of numbers beside tokens.
failed = {"error": {"message": "slow down", "type": "requests", "param": None, "code": "rate_limit_exceeded"}}
write("openai_wrapped.jsonl", [{"id": 7, "prompt": "x", "response": chats[0]}, {"id": 8, "prompt": "y", "response": failed},
                               {"id": 9, "prompt": "z", "response": chats[2]}])
write("openai_failed.jsonl", [failed, chats[0], failed, chats[1]])
write("openai_errors.jsonl", [failed, failed])
write("openai_choices.jsonl", [chats[0]["choices"][0], chats[2]["choices"][0]])
write("openai_choice_logprobs.json", [chats[0]["choices"][0]["logprobs"]], indent=2)
write("token_lists.jsonl", [
    {"doc_id": "a", "tokens": ["The", " cat", "é"], "logprobs": [-2.5, -0.125, -1.0]},
    {"doc_id": "b", "tokens": ["No", "!"], "logprobs": [-4.0]},
    {"doc_id": "c", "tokens": ["<s>", " x"], "logprobs": [None, -0.5]},
])
write("token_lists_bare.json", [{"text": "a b", "token_logprobs": [-2.5, -0.125]}, {"text": "c", "token_logprobs": [-1.0]}], array=True)

# LangChain writes what the service said beside its message; a first request that gave
# nothing; llama.cpp's completions say it as OpenAI's chat does.
write("openai_langchain.jsonl", [{"content": "x", "type": "ai", "id": "run-1", "response_metadata": {"model_name": "m", "logprobs": chats[0]["choices"][0]["logprobs"]}}])
write("openai_wrapped_deep.jsonl", [{"q": "x", "result": None}, {"q": "y", "result": {"seconds": 0.5, "answer": chats[2]}}])
write("llamacpp_completions.json", [{"id": "chatcmpl-9", "object": "text_completion", "choices": [
    {"text": " a b", "index": 0, "finish_reason": "length", "logprobs": {"content": [tok(" a", -0.5, id=264), tok(" é", -1.25, id=293)]}}]}], indent=1)
write("llamacpp_none.json", [{k: v for k, v in llama(" a", []).items() if k != "completion_probabilities"}], indent=1)


# Winogrande: one answer after two contexts; accuracy says which was right.
def winogrande(doc_id, lps, acc):
    return {"doc_id": doc_id, "doc": {"sentence": "It did not fit, for _ was big.", "answer": "1"}, "target": "was big.",
            "arguments": {f"gen_args_{i}": {"arg_0": f"It did not fit, for {w}", "arg_1": " was big."} for i, w in enumerate(["it", "he"])},
            "resps": [[[str(lp), "False"]] for lp in lps], "filtered_resps": [[str(lp), "False"] for lp in lps], "filter": "none",
            "metrics": ["acc"], "doc_hash": f"{doc_id:064x}", "acc": acc}


write("lmeval_contexts.jsonl", [winogrande(0, [-5.5, -4.25], 1.0), winogrande(1, [-3.0, -7.5], 0.0)])
write("lmeval_contexts_unknown.jsonl", [{k: v for k, v in winogrande(0, [-5.5, -4.25], 1.0).items() if k != "acc"}])

# Several prompts in one answer, each echoed with nothing after it.
write("openai_completions_prompts.json", [{"id": "cmpl-7", "object": "text_completion", "model": "m", "choices": [
    {**completion(0, t, lps, 0)["choices"][0], "index": i} for i, (t, lps) in enumerate([(["The", " cat"], [None, -7.25]), (["Caf", "é", "!"], [None, -0.125, -3.0])])],
    "usage": {"prompt_tokens": 5, "total_tokens": 5}}], indent=1)
# The events of a streamed response: the answer comes whole at the end.
response = {"id": "resp_2", "object": "response", "status": "in_progress", "model": "gpt-4.1", "temperature": 1.0, "top_p": 1.0, "output": []}
write("openai_responses_events.jsonl", [
    {"type": "response.created", "sequence_number": 0, "response": response},
    {"type": "response.output_text.delta", "sequence_number": 1, "delta": "Hi", "logprobs": [tok("Hi", -0.25)]},
    {"type": "response.completed", "sequence_number": 2, "response": {**response, "status": "completed", "output": [
        {"type": "message", "id": "msg_2", "role": "assistant", "content": [{"type": "output_text", "text": "Hi", "annotations": [], "logprobs": [tok("Hi", -0.25)]}]}]}},
])
# Truthfulqa's mc2 gives several answers as right, and a share of probability as accuracy.
write("lmeval_shares.jsonl", [lm(0, 0, ["a", "b", "c"], [-1.0, -2.0, -0.5], acc=0.4375)])

# What lies beside what can be scored, and text that reads like a number.
write("lmeval_numbers.jsonl", [
    {"doc_id": i, "doc": {}, "target": n, "arguments": {"gen_args_0": {"arg_0": "2+2=", "arg_1": {"until": ["\n"]}}},
     "resps": [[n]], "filtered_resps": [n], "filter": "none", "exact_match": 1.0} for i, n in enumerate(["-4", "5"])])
write("lmeval_results.json", [{"results": {"arc_easy": {"alias": "arc_easy", "acc,none": 0.5, "acc_stderr,none": 0.01}}, "configs": {"arc_easy": {"task": "arc_easy"}},
                               "versions": {"arc_easy": 1.0}, "n-shot": {"arc_easy": 0}, "n-samples": {"arc_easy": {"original": 2376, "effective": 2376}}}], indent=2)
write("trainer_state.json", [{"best_metric": 0.25, "epoch": 1.0, "global_step": 10, "log_history": [
    {"epoch": 0.5, "loss": 1.5, "grad_norm": 2.0, "learning_rate": 5e-05, "step": 5}, {"epoch": 1.0, "eval_loss": 0.25, "step": 10}]}], indent=2)
write("trainer_log.jsonl", [{"epoch": 0.5 * i, "loss": 1.5 - i / 4, "grad_norm": 2.0, "learning_rate": 5e-05, "step": 5 * i} for i in range(4)])
write("trainer_eval.json", [{"epoch": 3.0, "eval_loss": 0.3125, "eval_accuracy": 0.875, "eval_runtime": 3.5}], indent=4)
write("openai_requests.jsonl", [{"custom_id": "q-1", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "gpt-4o", "messages": [], "logprobs": True}}])
with open(os.path.join(out, "openai_stream.txt"), "w", newline="\n") as f:
    f.write('data: {"id":"c1","object":"chat.completion.chunk","choices":[]}\n\ndata: [DONE]\n\n')

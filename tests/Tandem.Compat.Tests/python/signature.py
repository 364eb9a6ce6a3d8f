# Reads [{token, url, params, body, ours}] and answers, for each, Twilio's own signature and whether it takes ours.
import json
import sys

from twilio.request_validator import RequestValidator

answers = []
for case in json.load(sys.stdin):
    validator = RequestValidator(case["token"])
    signed = case["params"] if case["body"] is None else {}
    answers.append({
        "signature": validator.compute_signature(case["url"], signed),
        "accepted": validator.validate(case["url"], signed if case["body"] is None else case["body"], case["ours"]),
    })
json.dump(answers, sys.stdout)

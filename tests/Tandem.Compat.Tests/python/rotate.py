# The whole scenario with Debian's unmodified library: create, promote, create, delete, and the retired token refused.
# Prints one JSON object; the test asserts on it.
import json, os
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

sid, first = os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"]


def client(token):
    http = TwilioHttpClient()
    http.session.verify = os.environ["REQUESTS_CA_BUNDLE"]  # version 7 does not read the variable by itself
    return Client(sid, token, http_client=http)


def refusal(call):
    try:
        call()
        return None
    except TwilioRestException as e:
        return {"status": e.status, "code": e.code, "message": e.msg}


seen = {}
created = client(first).accounts.v1.secondary_auth_token().create()
seen["created"] = {"sid": created.account_sid, "created": created.date_created.isoformat(), "url": created.url}
seen["secondCreate"] = refusal(lambda: client(first).accounts.v1.secondary_auth_token().create())
promoted = client(created.secondary_auth_token).accounts.v1.auth_token_promotion().update()
seen["promoted"] = {"same": promoted.auth_token == created.secondary_auth_token, "updated": promoted.date_updated.isoformat(), "url": promoted.url}
seen["old"] = refusal(lambda: client(first).api.accounts(sid).fetch())
account = client(promoted.auth_token).api.accounts(sid).fetch()
seen["account"] = {"sid": account.sid, "status": account.status, "primary": account.auth_token == promoted.auth_token, "created": account.date_created.isoformat()}
again = client(promoted.auth_token).accounts.v1.secondary_auth_token().create()
seen["both"] = client(again.secondary_auth_token).api.accounts(sid).fetch().sid == sid
seen["deleted"] = client(promoted.auth_token).accounts.v1.secondary_auth_token().delete()
seen["secondDelete"] = refusal(lambda: client(promoted.auth_token).accounts.v1.secondary_auth_token().delete())
seen["secondary"] = refusal(lambda: client(again.secondary_auth_token).api.accounts(sid).fetch())
client(promoted.auth_token).api.accounts.create(friendly_name="from python")
seen["accounts"] = [a.friendly_name for a in client(promoted.auth_token).api.accounts.list(page_size=1)]
print(json.dumps(seen))

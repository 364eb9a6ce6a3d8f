-- The action "tandem-auth" of haproxy.cfg: asks Tandem whose credential a request carries.
-- It decides nothing: it leaves Tandem's answer in txn.tandem_*, and haproxy.cfg lets a 200 through and nothing else.
-- There is no cache here, and there must be none: a retired token would stay accepted for as long as it lives.

local URL = "http://127.0.0.1/auth/forward" -- by way of the section "tandem", wherever that is
local SOCKET = os.getenv("AUTH_SOCKET")
local TIMEOUT = 5000 -- milliseconds; the section's own limits are shorter

local function first(headers, name)
    local values = headers and headers[name]
    return values and (values[0] or values[1]) or nil
end

-- A header as a list that the HTTP client takes, every field of it: Tandem refuses a doubled Authorization, and can
-- only do so when it sees both.
local function all(headers, name)
    local values = {}
    local from = headers[name]
    local i = 0
    while from and from[i] do
        values[i + 1] = (from[i]:gsub("\0", "?")) -- HAProxy passes null bytes, and Tandem's web server refuses them
        i = i + 1
    end
    return #values > 0 and values or nil
end

core.register_action("tandem-auth", { "http-req" }, function(txn)
    -- Until Tandem has said otherwise.
    txn:set_var("txn.tandem_status", 503)
    txn:set_var("txn.tandem_retry", "1")

    local request = txn.http:req_get_headers()
    local headers = { -- only what the check needs
        ["x-forwarded-for"] = { txn.f:src() },
        ["x-forwarded-host"] = all(request, "x-forwarded-host"),
        ["authorization"] = all(request, "authorization"),
        ["user-agent"] = all(request, "user-agent"),
        ["x-client-name"] = all(request, "x-client-name"),
    }

    local client = core.httpclient()
    local answer = client:get({ url = URL, dst = SOCKET, headers = headers, timeout = TIMEOUT })
    if not answer or not answer.status then
        return
    end

    local account = first(answer.headers, "x-account-sid")
    local parent = first(answer.headers, "x-parent-account-sid")
    local slot = first(answer.headers, "x-token-slot")
    if answer.status == 200 and account and parent and slot then
        txn:set_var("txn.tandem_account", account)
        txn:set_var("txn.tandem_parent", parent)
        txn:set_var("txn.tandem_slot", slot)
        txn:set_var("txn.tandem_status", 200)
    elseif answer.status == 401 then
        txn:set_var("txn.tandem_challenge", first(answer.headers, "www-authenticate") or 'Basic realm="Twilio API"')
        txn:set_var("txn.tandem_status", 401)
    elseif answer.status == 429 then
        txn:set_var("txn.tandem_retry", first(answer.headers, "retry-after") or "1")
        txn:set_var("txn.tandem_status", 429)
    else
        txn:set_var("txn.tandem_retry", first(answer.headers, "retry-after") or "1")
    end
end, 0)

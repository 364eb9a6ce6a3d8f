using Tandem.Client;

namespace Tandem.Rotations.Destinations;

/// <summary>
/// Variables of an environment of Twilio Functions, by Twilio's serverless API: the next run of a Function reads them, without a deployment. The
/// API is asked with the account's own tokens, of which at least one works in every phase.
/// </summary>
/// <param name="service">The service: its SID, or its unique name.</param>
/// <param name="environment">The environment: its SID, or its unique name.</param>
/// <param name="keys">The variables. One without a value cannot be, so the one for the old token is taken out when that is over.</param>
/// <param name="twilio">Where Twilio is.</param>
internal sealed class FunctionsDestination(string service, string environment, TokenKeys keys, TwilioAddresses twilio) : IDestination
{
    public string Type => "twilio-functions";

    public string Name => $"{service}/{environment}";

    public bool HoldsBoth => keys.HoldsBoth;

    public async Task<Inspection> InspectAsync(HeldToken? old, CancellationToken cancel)
    {
        if (old is null)
        {
            return new() { Problems = ["it cannot be looked at without the account's token. Give it in TWILIO_AUTH_TOKEN, or with --token-file"] };
        }

        try
        {
            var found = await AskAsync([old], client => client.ReadAsync(cancel), time: null, cancel);
            return keys.Compare(ByKey(found.Variables), old, Name);
        }
        catch (RotationException e)
        {
            return new() { Problems = [e.Message] };
        }
    }

    public async Task<string> DeliverAsync(Delivery delivery, CancellationToken cancel) =>
        TokenKeys.Said(await ChangeAsync(delivery, keys.Delivered(delivery.Tokens), cancel));

    public async Task VerifyAsync(Delivery delivery, CancellationToken cancel)
    {
        var found = await AskAsync(Holders(delivery), client => client.ReadAsync(cancel), delivery.Time, cancel);
        keys.Verify(ByKey(found.Variables), delivery.Tokens, Name);
    }

    public async Task<string?> RollBackAsync(Delivery delivery, CancellationToken cancel)
    {
        await ChangeAsync(delivery, keys.RolledBack(delivery, Name), cancel);
        return null;
    }

    public async Task<string?> TidyAsync(Delivery delivery, CancellationToken cancel)
    {
        var over = keys.Tidied(delivery);
        return over.Count > 0 && await ChangeAsync(delivery, over, cancel) > 0 ? $"{string.Join(", ", over.Keys)} taken out" : null;
    }

    /// <summary>Either token is good for the API; the old one may be dead already, and the new one deleted by somebody.</summary>
    private static IReadOnlyList<HeldToken> Holders(Delivery delivery) => delivery.Tokens.Old is { } old ? [delivery.Tokens.New, old] : [delivery.Tokens.New];

    private static Dictionary<string, string> ByKey(IReadOnlyList<TwilioVariable> variables)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var variable in variables)
        {
            all[variable.Key] = variable.Value;
        }

        return all;
    }

    private Task<int> ChangeAsync(Delivery delivery, IReadOnlyDictionary<string, string?> wanted, CancellationToken cancel) =>
        AskAsync(Holders(delivery), client => client.ChangeAsync(wanted, cancel), delivery.Time, cancel);

    /// <summary>
    /// Asks with one token, else with the other; and again, where a time is given, while Twilio cannot answer at the moment: a change reads first what
    /// is there.
    /// </summary>
    private async Task<T> AskAsync<T>(IReadOnlyList<HeldToken> tokens, Func<Session, Task<T>> ask, TimeProvider? time, CancellationToken cancel)
    {
        using var client = new TwilioClient(twilio, TwilioClient.CreateHandler(twilio.Serverless!));
        var patience = time is null ? null : new Patience(time);
        for (var tried = 0; ;)
        {
            try
            {
                return await ask(new(client, tokens[tried].Credential(), service, environment));
            }
            catch (TwilioException e) when (e.IsTokenRefused && tried + 1 < tokens.Count)
            {
                tried++; // the other may work
            }
            catch (TwilioException e) when (patience?.Next(e) is { } pause)
            {
                await Task.Delay(pause, time!, cancel);
            }
            catch (TwilioException e)
            {
                throw new RotationException(RotationFailure.Destination, InWords(e, tokens), e);
            }
        }
    }

    private string InWords(TwilioException e, IReadOnlyList<HeldToken> tokens) => e.Status switch
    {
        401 => $"Twilio refused {string.Join(" and ", tokens.Select(t => t.Fingerprint))} (401, {e.Code}). Functions are reached with the account's own token; each region has tokens of its own.",
        403 => $"Twilio refused access to {Name} (403, {e.Code}: {e.Message.TrimEnd('.')}).",
        404 => $"Twilio knows no service {service} with an environment {environment} in this account (404, {e.Code}). A service's SID is ZS…, an environment's ZE…; those of Functions (Classic) have none, and their variables can be set in the Console alone.",
        429 => $"Twilio has too much to do (429, {e.Code}). Nothing was changed by this call.",
        0 => e.Message,
        _ => $"Twilio refused: {e.Message.TrimEnd('.')} ({e.Status}, {e.Code}).",
    };

    /// <summary>The environment, asked with one token.</summary>
    private sealed class Session(TwilioClient client, TwilioCredential credential, string service, string environment)
    {
        public async Task<(string Environment, IReadOnlyList<TwilioVariable> Variables)> ReadAsync(CancellationToken cancel)
        {
            var sid = await FindAsync(cancel);
            return (sid, await client.ListVariablesAsync(credential, service, sid, cancel));
        }

        /// <summary>Changes what is not as wanted, and returns how many keys that were.</summary>
        public async Task<int> ChangeAsync(IReadOnlyDictionary<string, string?> wanted, CancellationToken cancel)
        {
            var (sid, variables) = await ReadAsync(cancel);
            var changes = TokenKeys.Difference(wanted, ByKey(variables));
            foreach (var (key, value) in changes)
            {
                var there = variables.FirstOrDefault(v => string.Equals(v.Key, key, StringComparison.Ordinal))?.Sid;
                Task change = (there, value) switch
                {
                    (null, { } text) => client.CreateVariableAsync(credential, service, sid, key, text, cancel),
                    ({ } variable, { } text) => client.UpdateVariableAsync(credential, service, sid, variable, text, cancel),
                    ({ } variable, null) => client.DeleteVariableAsync(credential, service, sid, variable, cancel),
                    _ => Task.CompletedTask,
                };
                await change;
            }

            return changes.Count;
        }

        private async Task<string> FindAsync(CancellationToken cancel) =>
            environment.StartsWith("ZE", StringComparison.Ordinal) && environment.Length == 34 ? environment
            : (await client.ListEnvironmentsAsync(credential, service, cancel)).FirstOrDefault(e => string.Equals(e.UniqueName, environment, StringComparison.Ordinal))?.Sid
                ?? throw new TwilioException(404, 20404, $"There is no environment {environment}.");
    }
}

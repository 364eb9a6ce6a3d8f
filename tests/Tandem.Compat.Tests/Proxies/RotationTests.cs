using Tandem.Testing;
using Xunit;

namespace Tandem.Compat.Proxies;

public sealed class RotationTests
{
    /// <summary>
    /// Traffic with both tokens runs through the proxy while the secondary is promoted, five times over. The new token is never refused; the
    /// old one is never refused before the promote is asked for, and never accepted by a request that begins after its answer.
    /// </summary>
    [Theory]
    [InlineData(Recipe.Nginx)]
    [InlineData(Recipe.Caddy)]
    [InlineData(Recipe.HAProxy)]
    public async Task A_promote_is_felt_by_the_very_next_request(Recipe recipe)
    {
        await using var api = await GuardedApi.StartAsync(recipe, ("TANDEM_THROTTLE_ACCOUNT", "100000+1/s"));
        var old = api.Token;
        for (var round = 0; round < 5; round++)
        {
            var promoted = await RotateUnderTrafficAsync(api, old);
            RefusalTests.AssertUnauthorized(await api.GetAsync(api.Sid, old));
            Assert.Equal($"{api.Sid} primary", (await api.GetAsync(api.Sid, promoted)).Body);
            old = promoted;
        }
    }

    private static async Task<string> RotateUnderTrafficAsync(GuardedApi api, string old)
    {
        var secondary = (await api.Twilio.CreateAsync(api.Sid, old)).Text("secondary_auth_token");
        var (asked, answered, ended) = (0, 0, 0);
        var (before, after) = (0, 0); // requests with the old token that ended before the promote was asked for, or began after its answer
        List<(bool MayPass, bool MustPass, int Status)> withOld = [];
        List<int> withNew = [];

        async Task SendOldAsync()
        {
            while (Volatile.Read(ref ended) == 0)
            {
                var mayPass = Volatile.Read(ref answered) == 0;
                var status = (await api.GetAsync(api.Sid, old)).Status;
                var mustPass = Volatile.Read(ref asked) == 0;
                withOld.Add((mayPass, mustPass, status));
                Volatile.Write(ref before, before + (mustPass ? 1 : 0));
                Volatile.Write(ref after, after + (mayPass ? 0 : 1));
            }
        }

        async Task SendNewAsync()
        {
            while (Volatile.Read(ref ended) == 0)
            {
                withNew.Add((await api.GetAsync(api.Sid, secondary)).Status);
            }
        }

        Task[] senders = [Task.Run(SendOldAsync), Task.Run(SendNewAsync)];
        await Until.TrueAsync(() => Volatile.Read(ref before) >= 5);
        Volatile.Write(ref asked, 1);
        Assert.Equal(200, (await api.Twilio.PromoteAsync(api.Sid, secondary)).Status);
        Volatile.Write(ref answered, 1);
        await Until.TrueAsync(() => Volatile.Read(ref after) >= 5);
        Volatile.Write(ref ended, 1);
        await Task.WhenAll(senders);

        Assert.All(withNew, status => Assert.Equal(200, status));
        Assert.All(withOld.Where(r => r.MustPass), r => Assert.Equal(200, r.Status));
        Assert.All(withOld.Where(r => !r.MayPass), r => Assert.Equal(401, r.Status));
        Assert.All(withOld, r => Assert.True(r.Status is 200 or 401));
        return secondary;
    }
}

using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

public sealed class AuditContextTests
{
    [Theory]
    [InlineData("POST", "/v1/AuthTokens/Secondary", AuditAction.SecondaryCreated)]
    [InlineData("DELETE", "/v1/AuthTokens/Secondary", AuditAction.SecondaryDeleted)]
    [InlineData("POST", "/v1/AuthTokens/Promote", AuditAction.SecondaryPromoted)]
    public async Task A_mutation_is_recorded_with_the_answered_id_and_the_wish_for_no_mail(string method, string path, AuditAction action)
    {
        foreach (var (text, suppress) in new[] { ("true", true), ("TRUE", true), ("False", false), ("yes", false), ("", false) })
        {
            var store = new StoreDouble();
            await using var tandem = await TestTandem.StartAsync(new() { Services = store.Replace });
            if (action != AuditAction.SecondaryCreated)
            {
                await tandem.CreateSecondaryAsync();
            }

            var answer = method == "DELETE"
                ? await tandem.SendAsync(method, $"{path}?SuppressEmailNotification={text}")
                : await tandem.SendAsync(method, path, r => r.Form(("SuppressEmailNotification", text)));
            Assert.InRange(answer.Status, 200, 204);
            var audit = store.Audits[^1];
            Assert.Equal(
                (action, $"{tandem.Account.Sid} primary", answer.Header("Twilio-Request-Id"), suppress, "127.0.0.1"),
                (audit.Action, audit.Actor, audit.Context.RequestId, audit.Context.SuppressEmailNotification, audit.Context.Source));
        }
    }
}

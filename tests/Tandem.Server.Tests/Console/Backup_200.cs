using Tandem.Server.Backups;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Console;

/// <summary>The backup on the settings page: for administrators, and encrypted or not at all.</summary>
public sealed class Backup_200
{
    private const string Recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"; // the one of age's own README

    [Fact]
    public async Task An_administrator_downloads_one_that_is_encrypted_and_the_audit_says_so()
    {
        Assert.True(AgeRecipient.TryParse(Recipient, out var recipient));
        await using var tandem = await TestTandem.StartAsync(new() { Options = o => o with { BackupRecipients = [recipient] } });
        using var client = await ConsoleClient.SignedInAsync(tandem);
        Assert.Contains("Download a backup", (await client.GetAsync("/settings")).Body, StringComparison.Ordinal);

        var answer = await client.PostAsync("/settings/backup", "/settings");

        Assert.Equal(200, answer.Status);
        Assert.StartsWith("age-encryption.org/v1\n-> X25519 ", answer.Body, StringComparison.Ordinal);
        Assert.Matches("^attachment; filename=\"?tandem-[0-9]{8}-[0-9]{6}.db.age\"?$", answer.Header("Content-Disposition"));
        Assert.Contains($"encrypted to {Recipient}", (await client.GetAsync("/audit")).Body, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(tandem.DataDirectory, "backup*"));
    }

    [Fact]
    public async Task Without_a_key_to_encrypt_to_there_is_none()
    {
        await using var tandem = await TestTandem.StartAsync();
        using var client = await ConsoleClient.SignedInAsync(tandem);
        var page = (await client.GetAsync("/settings")).Body;
        Assert.DoesNotContain("Download a backup", page, StringComparison.Ordinal);
        Assert.Contains("TANDEM_BACKUP_RECIPIENT", page, StringComparison.Ordinal);

        Assert.Equal(409, (await client.PostAsync("/settings/backup", "/invitation")).Status);
        Assert.DoesNotContain("encrypted", (await client.GetAsync("/audit")).Body, StringComparison.Ordinal);
    }
}

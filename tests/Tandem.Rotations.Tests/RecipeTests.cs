using System.Diagnostics;
using System.Text.RegularExpressions;
using Xunit;

namespace Tandem.Rotations.Tests;

/// <summary>
/// The recipes of the docs, run with programs in the place of the tools that write down what they are given. jq is the real one, and is watched too.
/// </summary>
public sealed partial class RecipeTests : IDisposable
{
    private const string OldText = "0123456789abcdef0123456789abcdef";
    private const string NewText = "fedcba9876543210fedcba9876543210";

    private static readonly string s_folder = Path.Combine(Root(), "docs/destinations/recipes");

    /// <summary>What the recipes may call; whatever else they called would not be found.</summary>
    private static readonly string[] s_tools =
        ["aws", "az", "curl", "docker", "doppler", "fly", "gcloud", "gh", "glab", "infisical", "jq", "mv", "netlify", "railway", "sops", "systemctl", "systemd-creds", "vault", "vercel"];

    private readonly string _home = Directory.CreateTempSubdirectory("tandem-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public RecipeTests()
    {
        Directory.CreateDirectory(Path.Combine(_home, "bin"));
        File.CreateSymbolicLink(Path.Combine(_home, "bin/cat"), "/bin/cat");
        foreach (var tool in s_tools)
        {
            var file = Path.Combine(_home, "bin", tool);
            File.WriteAllText(file, Spy);
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    public static TheoryData<string> Recipes => [.. Directory.EnumerateFiles(s_folder, "*.sh").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal)];

    public static TheoryData<string> ThatHoldBoth => ["aws-secrets-manager", "heroku", "http", "sops", "vault"];

    public static TheoryData<string> ThatCheck => ["aws-parameter-store", "aws-secrets-manager", "azure-key-vault", "docker-swarm", "doppler", "google-secret-manager", "heroku", "infisical", "sops", "vault"];

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Theory]
    [MemberData(nameof(Recipes))]
    public async Task A_recipe_may_be_run_and_is_sound_shell(string recipe)
    {
        var file = Path.Combine(s_folder, $"{recipe}.sh");

        Assert.True(File.GetUnixFileMode(file).HasFlag(UnixFileMode.UserExecute | UnixFileMode.OtherExecute));
        foreach (var shell in (string[][])[["bash", "-n"], ["dash", "-n"], ["shellcheck", "--shell=sh", "--norc"]])
        {
            var (exitCode, output, errors) = await Judges.RunAsync([.. shell, file]);
            Assert.True(exitCode == 0, $"{shell[0]}: {output}{errors}");
        }
    }

    [Theory]
    [MemberData(nameof(Recipes))]
    public async Task The_token_comes_to_the_tool_by_its_standard_input_and_is_in_no_argument_nor_in_the_environment(string recipe)
    {
        Assert.Equal(0, await RunAsync(recipe, "deliver"));
        Assert.Contains(NewText, Given("stdin"), StringComparison.Ordinal);

        File.Delete(Path.Combine(_home, "stdin"));
        Assert.Equal(0, await RunAsync(recipe, "rollback"));
        Assert.Contains(OldText, Given("stdin"), StringComparison.Ordinal);
        Assert.DoesNotContain(NewText, Given("stdin"), StringComparison.Ordinal);

        File.Delete(Path.Combine(_home, "stdin"));
        Assert.Equal(0, await RunAsync(recipe, "tidy"));
        Assert.DoesNotContain(OldText, Given("stdin"), StringComparison.Ordinal);

        await RunAsync(recipe, "verify");
        var shown = Given("arguments") + Given("environment");
        Assert.Contains("TANDEM_PHASE=deliver", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(OldText, shown, StringComparison.Ordinal);
        Assert.DoesNotContain(NewText, shown, StringComparison.Ordinal);
        Assert.DoesNotContain(OldText, Given("said"), StringComparison.Ordinal);
        Assert.DoesNotContain(NewText, Given("said"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recipe_that_put_the_token_into_an_argument_or_the_environment_would_be_seen()
    {
        var bad = Path.Combine(_home, "bad.sh");
        await File.WriteAllTextAsync(bad, "token=$(jq -er .new)\ngh secret set NAME --body \"$token\"\nexport token\ngh secret list\n", Cancel);

        await RunAsync(bad, "deliver");

        Assert.Contains($"--body {NewText}", Given("arguments"), StringComparison.Ordinal);
        Assert.Contains($"token={NewText}", Given("environment"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Recipes))]
    public async Task A_tool_that_fails_fails_the_recipe_and_input_that_is_wrong_reaches_no_tool(string recipe)
    {
        Assert.NotEqual(0, await RunAsync(recipe, "deliver", "{}"));
        Assert.NotEqual(0, await RunAsync(recipe, "deliver", "no JSON"));
        Assert.Empty(Given("stdin"));

        Assert.NotEqual(0, await RunAsync(recipe, "deliver", fails: true));
    }

    [Theory]
    [MemberData(nameof(ThatHoldBoth))]
    public async Task One_that_holds_both_gives_both_and_takes_the_old_one_away_again(string recipe)
    {
        await RunAsync(recipe, "deliver");
        Assert.Contains(OldText, Given("stdin"), StringComparison.Ordinal);

        File.Delete(Path.Combine(_home, "stdin"));
        await RunAsync(recipe, "tidy");
        Assert.Matches("(alt|ALT)\": ?(\"\"|null)|previous\":null|kept", Given("stdin"));
    }

    [Theory]
    [MemberData(nameof(ThatCheck))]
    public async Task One_that_checks_knows_the_new_token_from_another(string recipe)
    {
        Assert.Equal(0, await RunAsync(recipe, "verify", stored: NewText));
        Assert.NotEqual(0, await RunAsync(recipe, "verify", stored: OldText));
        Assert.Empty(Given("stdin"));
    }

    [Fact]
    public async Task A_secret_of_Swarm_that_is_there_and_mounted_is_made_and_mounted_no_second_time()
    {
        await RunAsync("docker-swarm", "deliver", stored: OldText);
        var first = Given("arguments");
        File.Delete(Path.Combine(_home, "arguments"));
        await RunAsync("docker-swarm", "deliver", stored: NewText);

        Assert.Contains("docker service update --secret-rm twilio_auth_token_b41e --secret-add source=twilio_auth_token_07da,target=twilio_auth_token billing", first, StringComparison.Ordinal);
        Assert.DoesNotContain("update", Given("arguments"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_names_every_recipe_and_says_of_each_what_it_does()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(s_folder, "../recipes.md"), Cancel);

        var rows = Row().Matches(page).ToDictionary(m => m.Groups["file"].Value, m => (Both: m.Groups["both"].Value.Trim(), Checks: m.Groups["checks"].Value.Trim()));

        Assert.Equal(Recipes.Select(r => r.Data).Order(), rows.Keys.Order());
        Assert.Equal(ThatHoldBoth.Select(r => r.Data).Order(), rows.Where(r => r.Value.Both == "yes").Select(r => r.Key).Order());
        Assert.Equal(ThatCheck.Select(r => r.Data).Order(), rows.Where(r => r.Value.Checks == "yes").Select(r => r.Key).Order());
    }

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Tandem.slnx")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("The tests do not run inside a checkout.");
        }

        return directory.FullName;
    }

    /// <summary>A tool: writes down what it is given, and answers what the real one would of the token that is stored there.</summary>
    private const string Spy = """
        #!/bin/bash
        name=${0##*/}
        echo "$name $*" >> "$SPY/arguments"
        /usr/bin/env >> "$SPY/environment"
        [ "$name" != jq ] || exec /usr/bin/jq "$@"
        [ -z "$SPY_FAILS" ] || exit 1
        case $name in sops) key=twilio_auth_token ;; curl) key=TWILIO_AUTH_TOKEN ;; *) key=auth_token ;; esac
        json="{\"$key\":\"$(cat "$SPY/stored")\",\"other\":\"kept\"}"
        case "$name $*" in
          "aws secretsmanager get-secret-value "* | "sops decrypt "*) echo "$json" ;;
          "vault kv get "*) echo "{\"data\":{\"data\":$json}}" ;;
          "aws ssm get-parameter "* | "az keyvault secret show "* | "gcloud secrets versions access "* | "doppler secrets get "* | "infisical secrets get "*) cat "$SPY/stored" ;;
          "docker secret inspect "*) grep -q "${*: -1}" "$SPY/made" 2>/dev/null ;;
          "docker service inspect "*) echo "other other_1"; echo "twilio_auth_token twilio_auth_token_$(cat "$SPY/fingerprint")" ;;
          "mv "* | "systemctl "* | "docker service update "* | "docker secret rm "* | "netlify deploy "* | "vercel redeploy "*) ;;
          "curl "*"--data-binary"*) cat >> "$SPY/stdin" ;;
          "curl "*) echo "$json" ;;
          *) cat >> "$SPY/stdin" ;;
        esac
        """;

    private string Given(string what) => Path.Combine(_home, what) is var file && File.Exists(file) ? File.ReadAllText(file) : "";

    /// <summary>Runs a recipe as a rotation would: one phase, the tokens on standard input.</summary>
    private async Task<int> RunAsync(string recipe, string phase, string? input = null, bool fails = false, string stored = OldText)
    {
        await File.WriteAllTextAsync(Path.Combine(_home, "stored"), stored, Cancel);
        await File.WriteAllTextAsync(Path.Combine(_home, "fingerprint"), stored == NewText ? "07da" : "b41e", Cancel);
        await File.WriteAllTextAsync(Path.Combine(_home, "made"), stored == NewText ? "twilio_auth_token_07da" : "", Cancel);
        var start = new ProcessStartInfo("/bin/sh", [recipe.Contains('/', StringComparison.Ordinal) ? recipe : Path.Combine(s_folder, $"{recipe}.sh")])
        {
            UseShellExecute = false,
            WorkingDirectory = _home,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = Path.Combine(_home, "bin");
        start.Environment["SPY"] = _home;
        start.Environment["SPY_FAILS"] = fails ? "1" : "";
        start.Environment["TANDEM_PHASE"] = phase;
        start.Environment["TANDEM_ACCOUNT_SID"] = "AC00000000000000000000000000000001";
        using var process = Process.Start(start)!;
        var said = new[] { process.StandardOutput.ReadToEndAsync(Cancel), process.StandardError.ReadToEndAsync(Cancel) };
        await WriteAsync(process, input ?? $$"""{"version":1,"phase":"{{phase}}","account_sid":"AC00000000000000000000000000000001","target":"https://accounts.twilio.com","new":"{{NewText}}","old":"{{OldText}}","new_fingerprint":"07da","old_fingerprint":"b41e"}""");
        await process.WaitForExitAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await File.AppendAllTextAsync(Path.Combine(_home, "said"), await said[0] + await said[1], Cancel);
        return process.ExitCode;
    }

    private static async Task WriteAsync(Process process, string input)
    {
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // A phase in which there is nothing to do is over before it has read.
        }
    }

    [GeneratedRegex(@"^\|[^|]*\| \[[a-z-]+\.sh\]\(recipes/(?<file>[a-z-]+)\.sh\) \|(?<both>[^|]*)\|(?<checks>[^|]*)\|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Row();
}

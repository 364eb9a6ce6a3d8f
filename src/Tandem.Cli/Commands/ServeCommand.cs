using System.Collections;
using System.CommandLine;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Console;
using Tandem.Server;
using Tandem.Server.Listeners;
using Tandem.Storage;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem serve</c>.</summary>
internal static class ServeCommand
{
    public const string Name = "serve";

    public static Command Create()
    {
        var command = new Command(Name, "Run the server until Ctrl-C or SIGTERM.");
        foreach (var option in Settings.All.Select(s => s.Option).OfType<Option>())
        {
            command.Add(option);
        }

        command.Add(ServeSettingsReader.AcceptRollback);
        command.SetAction((parsed, cancel) => RunAsync(parsed, cancel));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var reader = new ServeSettingsReader(parsed, Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "", StringComparer.Ordinal));
        var settings = reader.Read();
        if (reader.Problems is { Count: > 0 } problems)
        {
            throw new CommandException(ExitCode.Usage,
                $"The server did not start, and nothing was changed: {problems.Count} {(problems.Count == 1 ? "setting is" : "settings are")} wrong.\n  - {string.Join("\n  - ", problems)}\nSee: tandem serve --help");
        }

        try
        {
            return await ServeAsync(settings, cancel);
        }
        catch (Exception e) when (e is StartException or StoreException or ListenerException)
        {
            throw new CommandException(ExitCode.Precondition, e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Failed, $"The server cannot go on: {e.Message}", e);
        }
    }

    private static async Task<int> ServeAsync(ServeSettings settings, CancellationToken cancel)
    {
        using var loggers = LoggerFactory.Create(logging => AddLogging(logging, settings.LogLevel));
        await using var startup = await TandemStartup.OpenAsync(settings.Options, settings.Import, loggers);
        settings.Import?.Token.Dispose();
        await using var app = TandemHost.Build(settings.Options, startup.Store, builder =>
        {
            AddLogging(builder.Logging, settings.LogLevel);
            builder.Services.AddSingleton(startup.FirstAccount);
            builder.AddTelemetry();
        });
        try
        {
            await app.StartAsync(cancel);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new CommandException(ExitCode.Precondition, CannotListen(e), e);
        }

        var setUp = await Welcome.SetUpAsync(app.Services, startup.Directory.Root, isTerminal: !Console.IsOutputRedirected);
        await Console.Out.WriteAsync(Welcome.Text(startup, RunningServer.Describe(app.Services), setUp));
        await app.WaitForShutdownAsync(cancel);
        await Console.Out.WriteLineAsync("stopped");
        return ExitCode.Done;
    }

    /// <summary>Everything to standard error: standard output is the welcome's.</summary>
    private static void AddLogging(ILoggingBuilder logging, LogLevel level)
    {
        if (level > LogLevel.Debug)
        {
            // A stranger can cause these at any rate. The server counts them and writes one line a minute.
            logging.AddFilter<ConsoleLoggerProvider>("Microsoft", LogLevel.None)
                .AddFilter<ConsoleLoggerProvider>("System", LogLevel.None)
                .AddFilter<ConsoleLoggerProvider>("Microsoft.Hosting.Lifetime", level);
        }

        logging.SetMinimumLevel(level)

            // The host logs a start that failed with its whole stack, and then throws what we tell in a sentence.
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None)
            .AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss'Z' ";
                console.ColorBehavior = LoggerColorBehavior.Disabled;
            })
            .Services.Configure<ConsoleLoggerOptions>(console =>
            {
                console.LogToStandardErrorThreshold = LogLevel.Trace;
                console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite; // a log that nobody reads must not hold up an answer
            });
    }

    private static string CannotListen(Exception e)
    {
        var code = (e as SocketException ?? e.InnerException as SocketException ?? e.InnerException?.InnerException as SocketException)?.SocketErrorCode;
        return code switch
        {
            SocketError.AddressAlreadyInUse => $"{Where(e)}another program listens there already. The server did not start. Stop that program, or choose another address: tandem serve --listen 127.0.0.1:PORT",
            SocketError.AccessDenied => $"{Where(e)}this user may not listen there (ports below 1024 are root's). The server did not start. Choose another: tandem serve --listen 127.0.0.1:7420",
            SocketError.AddressNotAvailable => $"{Where(e)}this machine has no such address. The server did not start. Choose another: tandem serve --listen 127.0.0.1:7420",
            _ => $"The server did not start: {e.Message}",
        };
    }

    /// <summary>Kestrel's message names the address: "Failed to bind to address http://127.0.0.1:7420: address already in use."</summary>
    private static string Where(Exception e)
    {
        const string marker = "address ";
        var at = e.Message.IndexOf(marker, StringComparison.Ordinal);
        var end = at < 0 ? -1 : e.Message.IndexOf(": ", at, StringComparison.Ordinal);
        return end < 0 ? "Cannot listen: " : $"Cannot listen at {e.Message[(at + marker.Length)..end]}: ";
    }
}

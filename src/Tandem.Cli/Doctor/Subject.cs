using System.Net.Sockets;
using Tandem.Client;
using Tandem.Server;
using Tandem.Server.Listeners;

namespace Tandem.Cli.Doctor;

/// <summary>What is examined: the settings as <c>tandem serve</c> would take them here, and the server that runs on the data directory, if one does.</summary>
internal sealed record Subject
{
    /// <summary>The settings of this shell and command line; of use only as far as <see cref="Problems"/> leaves them.</summary>
    public required TandemOptions Options { get; init; }

    /// <summary>What is wrong with the settings.</summary>
    public required IReadOnlyList<string> Problems { get; init; }

    /// <summary>The running server; null for none, or none that may be asked.</summary>
    public ServerInfo? Server { get; private init; }

    /// <summary>Why it could not be asked, as <see cref="TandemException.Kind"/>; null when it could.</summary>
    public string? WhyNoServer { get; private init; }

    /// <summary>The running server's process; null when it is not known.</summary>
    public int? ServerProcess { get; private init; }

    /// <summary>The data directory, absolute.</summary>
    public string Directory => Options.DataDirectory;

    /// <summary>Whether anything was ever kept here.</summary>
    public bool HasDirectory => System.IO.Directory.Exists(Directory);

    /// <summary>The argument that names the directory to other verbs.</summary>
    public string At => $"--data {Shell.Quote(Directory)}";

    /// <summary>Looks for the server.</summary>
    public async Task<Subject> MeetAsync(CancellationToken cancel)
    {
        var socket = AdminSocket.PathIn(Directory);
        try
        {
            using var client = TandemClient.OverSocket(socket);
            var server = await client.GetServerAsync(cancel);
            return this with { Server = server, ServerProcess = ProcessBehind(socket) };
        }
        catch (ArgumentOutOfRangeException)
        {
            return this with { WhyNoServer = TandemException.NotRunning }; // too long a path for a socket, which is one of the problems
        }
        catch (TandemException e)
        {
            return this with { WhyNoServer = e.Kind };
        }
    }

    /// <summary>Who listens at a socket, as the kernel says.</summary>
    private static int? ProcessBehind(string path)
    {
        const int socketLevel = 1, peerCredentials = 17; // SOL_SOCKET, SO_PEERCRED of Linux: process, user and group, 4 bytes each
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(path));
            Span<byte> credentials = stackalloc byte[12];
            socket.GetRawSocketOption(socketLevel, peerCredentials, credentials);
            return BitConverter.ToInt32(credentials) is > 0 and var process ? process : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}

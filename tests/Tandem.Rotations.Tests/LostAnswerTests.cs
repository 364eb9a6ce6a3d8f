using System.Net;
using System.Net.Sockets;
using Tandem.Testing;
using Xunit;

namespace Tandem.Rotations.Tests;

/// <summary>The connection breaks in the middle of a create or a promote, at every byte of the request and of the answer.</summary>
public sealed class LostAnswerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/v1/AuthTokens/Secondary")]
    [InlineData("/v1/AuthTokens/Promote")]
    public async Task On_Tandem_a_rotation_goes_on_by_itself_and_leaves_no_token_that_nobody_holds(string path)
    {
        await using var rig = await Rig.StartAsync(new FastTime(), inMemory: true);
        var token = rig.First;
        var lost = 0;
        foreach (var at in await BytesOfAsync(rig, path))
        {
            var cut = new Cut(path, at);
            rig.Handler = cut.CreateHandler;

            await rig.Engine.RotateAsync(rig.Request() with { Token = token }, Cancel);

            Assert.True(cut.WasMade, $"nothing was cut at byte {at}");
            lost += rig.Events.Any(e => e.Result == "warning") ? 1 : 0;
            rig.Events.Clear();
            Assert.Equal((200, 401), (await rig.CheckAsync(rig.EnvToken), await rig.CheckAsync(token.Reveal())));
            Assert.False(await rig.HasSecondaryAsync(rig.EnvToken), $"an orphan is left after a cut at byte {at}");
            Assert.False(rig.HasState());
            token = HeldToken.Read(rig.Sid, rig.EnvToken, "the test");
        }

        // The control: the cuts were noticed, so it was they that were survived.
        Assert.True(lost > 100, $"only {lost} cuts were noticed");
    }

    [Fact]
    public async Task On_Twilio_a_lost_create_is_an_orphan_only_with_the_sentence_and_a_lost_promote_is_none()
    {
        await using var rig = await Rig.StartAsync(new FastTime(), inMemory: true);
        var (token, orphans) = (rig.First, 0);
        foreach (var at in await BytesOfAsync(rig, "/v1/AuthTokens/Secondary"))
        {
            rig.Handler = new Cut("/v1/AuthTokens/Secondary", at).CreateHandler;
            try
            {
                await rig.Engine.RotateAsync(rig.OnTwilio() with { Token = token }, Cancel);
            }
            catch (RotationException e)
            {
                Assert.Equal(RotationFailure.Precondition, e.Failure);
                Assert.Contains("which nobody holds", e.Message, StringComparison.Ordinal);
                Assert.True(await rig.HasSecondaryAsync(token.Reveal()));
                Assert.Equal(token.Reveal(), rig.EnvToken);
                orphans++;
                rig.Handler = null;
                await rig.Engine.RotateAsync(rig.OnTwilio() with { Token = token, ReplaceSecondary = true }, Cancel);
            }

            Assert.Equal((200, 401), (await rig.CheckAsync(rig.EnvToken), await rig.CheckAsync(token.Reveal())));
            Assert.False(await rig.HasSecondaryAsync(rig.EnvToken));
            token = HeldToken.Read(rig.Sid, rig.EnvToken, "the test");
        }

        Assert.True(orphans > 50, $"only {orphans} creates were carried out unseen");
        foreach (var at in await BytesOfAsync(rig, "/v1/AuthTokens/Promote"))
        {
            rig.Handler = new Cut("/v1/AuthTokens/Promote", at).CreateHandler;
            await rig.Engine.RotateAsync(rig.OnTwilio() with { Token = token }, Cancel);
            Assert.Equal((200, 401), (await rig.CheckAsync(rig.EnvToken), await rig.CheckAsync(token.Reveal())));
            token = HeldToken.Read(rig.Sid, rig.EnvToken, "the test");
        }
    }

    [Fact]
    public async Task An_abort_after_a_lost_create_deletes_what_nobody_holds_on_Tandem_and_says_so_on_Twilio()
    {
        var time = Hurried.CreateClock();
        await using var rig = await Rig.StartAsync(time, inMemory: true);
        var all = (await BytesOfAsync(rig, "/v1/AuthTokens/Secondary")).Max();
        var deaf = new Cut("/v1/AuthTokens/Secondary", all) { Always = true };
        rig.Handler = deaf.CreateHandler;
        var twilio = await Assert.ThrowsAsync<RotationException>(() => time.RunAsync(() => rig.Engine.RotateAsync(rig.OnTwilio(), Cancel)));
        Assert.Equal(RotationFailure.Precondition, twilio.Failure);
        rig.Handler = null;
        var unproven = await Assert.ThrowsAsync<RotationException>(() => rig.Engine.AbortAsync(rig.OnTwilio(), Cancel));
        Assert.Equal(RotationFailure.Precondition, unproven.Failure);
        await rig.Engine.AbortAsync(rig.OnTwilio() with { ReplaceSecondary = true }, Cancel);
        Assert.False(await rig.HasSecondaryAsync(rig.Server.Account.Token));

        rig.Handler = deaf.CreateHandler;
        var tandem = await Assert.ThrowsAsync<RotationException>(() => time.RunAsync(() => rig.Engine.RotateAsync(rig.Request(), Cancel)));
        Assert.Equal(RotationFailure.Failed, tandem.Failure);
        rig.Handler = null;
        await rig.Engine.AbortAsync(rig.Request(), Cancel);
        Assert.False(await rig.HasSecondaryAsync(rig.Server.Account.Token));
        Assert.Equal(200, await rig.CheckAsync(rig.Server.Account.Token));
    }

    /// <summary>The points to cut at: every byte, up to the last but one of the answer, counted in a rotation that is left in peace and undone.</summary>
    private static async Task<IEnumerable<int>> BytesOfAsync(Rig rig, string path)
    {
        var counter = new Cut(path, int.MaxValue);
        rig.Handler = counter.CreateHandler;
        var before = HeldToken.Read(rig.Sid, rig.EnvToken, "the test");
        if (path.EndsWith("Secondary", StringComparison.Ordinal))
        {
            rig.Answer = _ => false;
            await Assert.ThrowsAsync<RotationException>(() => rig.Engine.RotateAsync(rig.Request() with { Token = before }, Cancel));
            rig.Answer = _ => true;
            await rig.Engine.AbortAsync(rig.Request() with { Token = before }, Cancel);
        }
        else
        {
            using var http = new HttpClient(counter.CreateHandler()) { BaseAddress = rig.Server.Address };
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent([]) };
            using var answer = await http.SendAsync(request.As(new(rig.Sid, before.Reveal())), Cancel);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        rig.Handler = null;
        rig.Events.Clear();
        return Enumerable.Range(0, counter.Seen - 1);
    }

    /// <summary>Connections that carry so many bytes of a call to one path, both ways together, and then break.</summary>
    private sealed class Cut(string path, int after)
    {
        /// <summary>Whether every call is cut, not the first alone.</summary>
        public bool Always { get; init; }

        public bool WasMade { get; private set; }

        public int Seen { get; private set; }

        public HttpMessageHandler CreateHandler()
        {
            var aim = new Aim(this);
            aim.InnerHandler = new SocketsHttpHandler
            {
                PooledConnectionLifetime = TimeSpan.Zero,
                ConnectCallback = async (context, cancel) =>
                {
                    var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                    await socket.ConnectAsync(context.DnsEndPoint, cancel);
                    return new Carrier(new NetworkStream(socket, ownsSocket: true), this, aim.IsAtTarget());
                },
            };
            return aim;
        }

        /// <summary>One for each client, whose requests come one after the other.</summary>
        private sealed class Aim(Cut cut) : DelegatingHandler
        {
            private bool _armed;

            public bool IsAtTarget()
            {
                var armed = _armed;
                _armed = false;
                return armed;
            }

            protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
            {
                _armed = request.Method == HttpMethod.Post && request.RequestUri!.AbsolutePath == cut.PathOf && (cut.Always || !cut.WasMade);
                return base.SendAsync(request, cancellationToken);
            }
        }

        private string PathOf => path;

        private sealed class Carrier(NetworkStream inner, Cut cut, bool armed) : Stream
        {
            private int _carried;

            public override bool CanRead => true;

            public override bool CanSeek => false;

            public override bool CanWrite => true;

            public override long Length => throw new NotSupportedException();

            public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

            private int Left => armed ? cut.After - _carried : int.MaxValue;

            public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
            {
                var part = Math.Min(buffer.Length, Left);
                await inner.WriteAsync(buffer[..part], cancellationToken);
                Count(part);
                if (part < buffer.Length)
                {
                    Break();
                }
            }

            public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            {
                if (Left == 0)
                {
                    // All of the request has gone, so it is carried out: the answer's first byte is waited for, and lost.
                    await inner.ReadExactlyAsync(new byte[1], cancellationToken);
                    Break();
                }

                var count = await inner.ReadAsync(buffer[..Math.Min(buffer.Length, Left)], cancellationToken);
                Count(count);
                return count;
            }

            public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

            public override void Flush() => inner.Flush();

            public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

            public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

            public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

            public override void SetLength(long value) => throw new NotSupportedException();

            protected override void Dispose(bool disposing)
            {
                inner.Dispose();
                base.Dispose(disposing);
            }

            private void Count(int bytes)
            {
                _carried += bytes;
                cut.Seen = armed ? _carried : cut.Seen;
            }

            private void Break()
            {
                cut.WasMade = true;
                inner.Socket.LingerState = new(true, 0);
                inner.Dispose();
                throw new IOException("The connection broke.");
            }
        }

        private int After => after;
    }
}

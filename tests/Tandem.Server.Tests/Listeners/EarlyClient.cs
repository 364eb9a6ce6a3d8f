using System.Text;
using Xunit;

namespace Tandem.Server.Tests.Listeners;

/// <summary>
/// A connection that puts a request in front of the first bytes written, in the same segment, drops the answer to it from what is
/// read, and sends no segment longer than it is told to.
/// </summary>
internal sealed class EarlyClient(Stream inner, string request, string answer, int segment) : Stream
{
    private bool _sent;
    private bool _answered;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        byte[] all = _sent ? buffer.ToArray() : [.. Encoding.ASCII.GetBytes(request), .. buffer.ToArray()];
        _sent = true;
        for (var at = 0; at < all.Length; at += Math.Min(segment, all.Length - at))
        {
            await inner.WriteAsync(all.AsMemory(at, Math.Min(segment, all.Length - at)), cancellationToken); // Nagle is off: each write is a segment.
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_answered)
        {
            Assert.Equal(answer, await Wire.ReadHeadAsync(inner));
            _answered = true;
        }

        return await inner.ReadAsync(buffer, cancellationToken);
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}

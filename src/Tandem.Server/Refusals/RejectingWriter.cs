using System.IO.Pipelines;

namespace Tandem.Server.Refusals;

/// <summary>
/// Stands in front of a connection's output. Everything passes, until <see cref="Reject"/>: from then on what Kestrel writes is dropped, and
/// the answer given there is sent in its place, once.
/// </summary>
internal sealed class RejectingWriter(PipeWriter inner) : PipeWriter
{
    private byte[]? _answer;
    private byte[]? _scratch;
    private bool _sent;

    public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => inner.UnflushedBytes;

    /// <summary>Sends this whole HTTP/1.1 answer in place of the one Kestrel is about to write. Later calls change nothing.</summary>
    public void Reject(byte[] answer) => Interlocked.CompareExchange(ref _answer, answer, null);

    public override Memory<byte> GetMemory(int sizeHint = 0) => IsRejected ? Scratch(sizeHint) : inner.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => IsRejected ? Scratch(sizeHint) : inner.GetSpan(sizeHint);

    public override void Advance(int bytes)
    {
        if (!IsRejected)
        {
            inner.Advance(bytes);
        }
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (Volatile.Read(ref _answer) is not { } answer)
        {
            return inner.FlushAsync(cancellationToken);
        }

        if (_sent)
        {
            return new(new FlushResult(isCanceled: false, isCompleted: false));
        }

        _sent = true;
        return inner.WriteAsync(answer, cancellationToken); // behind whatever an earlier answer has left unflushed
    }

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    private bool IsRejected => Volatile.Read(ref _answer) is not null;

    private byte[] Scratch(int sizeHint) =>
        _scratch is { } scratch && scratch.Length >= sizeHint ? scratch : _scratch = new byte[Math.Max(sizeHint, 4096)];
}

using Xunit;

namespace Tandem.Tests;

public sealed class TokenSealTests : IDisposable
{
    private const int PaddingFrom = 93;

    private readonly DataKeys _keys = Some.Keys();
    private readonly AuthToken _text = AuthToken.Generate();
    private readonly AuthToken _primary = AuthToken.Generate();
    private readonly AuthToken _another = AuthToken.Generate();

    private TokenSeal Seals => new(_keys);

    public void Dispose()
    {
        _keys.Dispose();
        _text.Dispose();
        _primary.Dispose();
        _another.Dispose();
    }

    [Theory]
    [InlineData(SealKind.UnderPrimary, Slot.Secondary)]
    [InlineData(SealKind.UnderServerKey, Slot.Secondary)]
    [InlineData(SealKind.Recoverable, Slot.Secondary)]
    [InlineData(SealKind.Recoverable, Slot.Primary)]
    public void What_is_sealed_opens_after_a_stay_in_the_store(SealKind kind, Slot slot)
    {
        var seal = SealedToken.FromBytes(Seal(kind, slot).Bytes)!;

        Assert.Equal((kind, _keys.Seal.Id, 5), (seal.Kind, seal.KeyId, seal.Generation));
        Assert.True(Seals.TryOpen(seal, Some.Sid, slot, PrimaryFor(kind), out var text));
        Assert.True(_text.FixedTimeEquals(text));
        text.Dispose();
    }

    [Fact]
    public void The_text_is_not_in_the_seal_and_its_text_form_is_a_mask()
    {
        var seal = Seal(SealKind.UnderServerKey, Slot.Secondary);

        Assert.True(seal.Bytes.IndexOf(_text.Bytes) < 0);
        Assert.Equal("[SealedToken UnderServerKey]", seal.ToString());
    }

    /// <summary>The three padding bytes carry nothing; every other byte is vouched for.</summary>
    [Theory]
    [InlineData(SealKind.UnderPrimary)]
    [InlineData(SealKind.UnderServerKey)]
    [InlineData(SealKind.Recoverable)]
    public void One_altered_bit_anywhere_keeps_it_shut(SealKind kind)
    {
        var bytes = Seal(kind, Slot.Secondary).Bytes.ToArray();
        for (var i = 0; i < bytes.Length; i++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                bytes[i] ^= (byte)(1 << bit);
                var opens = SealedToken.FromBytes(bytes) is { } seal
                    && Seals.TryOpen(seal, Some.Sid, Slot.Secondary, _primary, out _);
                Assert.True(opens == (i >= PaddingFrom), $"byte {i}, bit {bit}");
                bytes[i] ^= (byte)(1 << bit);
            }
        }
    }

    [Theory]
    [InlineData(SealKind.UnderPrimary)]
    [InlineData(SealKind.UnderServerKey)]
    [InlineData(SealKind.Recoverable)]
    public void In_another_place_it_does_not_open(SealKind kind)
    {
        var seal = Seal(kind, Slot.Secondary);

        Assert.False(Seals.TryOpen(seal, Some.OtherSid, Slot.Secondary, PrimaryFor(kind), out _));
        Assert.False(Seals.TryOpen(seal, Some.Sid, Slot.Primary, PrimaryFor(kind), out _));

        var moved = seal.Bytes.ToArray();
        moved[16]++; // the last byte of the generation
        Assert.False(Seals.TryOpen(SealedToken.FromBytes(moved)!, Some.Sid, Slot.Secondary, PrimaryFor(kind), out _));
    }

    [Fact]
    public void Under_a_primary_neither_another_token_nor_the_server_alone_opens_it()
    {
        var seal = Seal(SealKind.UnderPrimary, Slot.Secondary);

        Assert.False(Seals.TryOpen(seal, Some.Sid, Slot.Secondary, _another, out _));
        Assert.False(Seals.TryOpen(seal, Some.Sid, Slot.Secondary, null, out _));
    }

    [Fact]
    public void Another_server_s_keys_do_not_open_it()
    {
        using var others = Some.Keys();

        Assert.False(new TokenSeal(others).TryOpen(Seal(SealKind.UnderServerKey, Slot.Secondary), Some.Sid, Slot.Secondary, null, out _));
    }

    [Fact]
    public void An_older_seal_key_opens_what_it_sealed_until_it_is_gone()
    {
        using var older = DataKey.Generate(50, DataKeyPurpose.Seal);
        DataKey[] rest = [_keys.Pepper, _keys.Tombstone, _keys.Audit, _keys.Session];
        var before = new TokenSeal(new DataKeys([.. rest, older]));
        var after = new TokenSeal(new DataKeys([.. rest, older, DataKey.Generate(51, DataKeyPurpose.Seal)]));
        var gone = new TokenSeal(new DataKeys([.. rest, DataKey.Generate(51, DataKeyPurpose.Seal)]));

        var seal = before.Seal(SealKind.UnderPrimary, Some.Sid, 5, Slot.Secondary, _text, _primary);
        Assert.True(after.TryOpen(seal, Some.Sid, Slot.Secondary, _primary, out var text));
        Assert.True(_text.FixedTimeEquals(text));
        Assert.False(gone.TryOpen(seal, Some.Sid, Slot.Secondary, _primary, out _));
        text.Dispose();
    }

    [Fact]
    public async Task What_is_sealed_while_the_seal_key_changes_opens_as_well()
    {
        var changing = Task.Run(() =>
        {
            for (var id = 100; id < 1100; id++)
            {
                _keys.AddSeal(DataKey.Generate(id, DataKeyPurpose.Seal));
            }
        }, TestContext.Current.CancellationToken);
        var (made, shut) = (0, 0);
        for (; !changing.IsCompleted; made++)
        {
            var seal = Seal(SealKind.UnderPrimary, Slot.Secondary);
            if (Seals.TryOpen(seal, Some.Sid, Slot.Secondary, _primary, out var text))
            {
                text.Dispose();
            }
            else
            {
                shut++;
            }
        }

        await changing;
        Assert.True(made > 100, $"only {made} seals were made meanwhile");
        Assert.True(shut == 0, $"{shut} of {made} do not open");
    }

    [Fact]
    public void Zeros_in_the_store_mean_that_there_is_no_seal() => Assert.Null(SealedToken.FromBytes(new byte[SealedToken.Size]));

    private SealedToken Seal(SealKind kind, Slot slot) => Seals.Seal(kind, Some.Sid, 5, slot, _text, PrimaryFor(kind));

    private AuthToken? PrimaryFor(SealKind kind) => kind == SealKind.UnderPrimary ? _primary : null;
}

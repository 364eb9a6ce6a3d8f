using System.Security.Cryptography;
using System.Text;
using Xunit;

namespace Tandem.Tests;

public sealed class RootKeyTests
{
    [Fact]
    public void What_it_wraps_it_unwraps()
    {
        using var root = RootKey.Generate();
        using var key = DataKey.Generate(7, DataKeyPurpose.Seal);
        using var back = root.Unwrap(7, DataKeyPurpose.Seal, root.Wrap(key));

        Assert.Equal(key.Hmac("message"u8), back.Hmac("message"u8));
        Assert.Equal((7, DataKeyPurpose.Seal), (back.Id, back.Purpose));
    }

    [Fact]
    public void The_key_is_not_in_what_it_wraps_and_no_two_wrappings_are_alike()
    {
        using var root = RootKey.Generate();
        using var key = DataKey.Generate(7, DataKeyPurpose.Seal);
        var (one, two) = (root.Wrap(key), root.Wrap(key));

        Assert.True(one.AsSpan().IndexOf(key.Bytes) < 0);
        Assert.NotEqual(one, two);
    }

    [Fact]
    public void Another_root_key_does_not_unwrap_it()
    {
        using var root = RootKey.Generate();
        using var other = RootKey.Generate();
        using var key = DataKey.Generate(7, DataKeyPurpose.Seal);
        var wrapped = root.Wrap(key);

        Assert.ThrowsAny<CryptographicException>(() => other.Unwrap(7, DataKeyPurpose.Seal, wrapped));
        Assert.NotEqual(root.Id, other.Id);
    }

    [Fact]
    public void A_wrapping_does_not_serve_as_another_key()
    {
        using var root = RootKey.Generate();
        using var key = DataKey.Generate(7, DataKeyPurpose.Seal);
        var wrapped = root.Wrap(key);

        Assert.ThrowsAny<CryptographicException>(() => root.Unwrap(8, DataKeyPurpose.Seal, wrapped));
        Assert.ThrowsAny<CryptographicException>(() => root.Unwrap(7, DataKeyPurpose.Pepper, wrapped));
    }

    [Fact]
    public void One_altered_byte_anywhere_is_noticed()
    {
        using var root = RootKey.Generate();
        using var key = DataKey.Generate(7, DataKeyPurpose.Seal);
        var wrapped = root.Wrap(key);
        for (var i = 0; i < wrapped.Length; i++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                wrapped[i] ^= (byte)(1 << bit);
                Assert.ThrowsAny<CryptographicException>(() => root.Unwrap(7, DataKeyPurpose.Seal, wrapped));
                wrapped[i] ^= (byte)(1 << bit);
            }
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => root.Unwrap(7, DataKeyPurpose.Seal, wrapped.AsSpan(1)));
    }

    [Fact]
    public void Its_file_is_read_back_as_the_same_key()
    {
        using var root = RootKey.Generate();
        var text = Encoding.ASCII.GetString(root.ToFileText());

        Assert.Equal(65, text.Length);
        Assert.True(RootKey.TryParse(text, out var same));
        Assert.Equal(root.Id, same.Id);
        Assert.True(RootKey.TryParse($"  {text.ToUpperInvariant()}\r\n", out var padded));
        Assert.Equal(root.Id, padded.Id);
        same.Dispose();
        padded.Dispose();
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("00112233445566778899aabbccddeeff00112233445566778899aabbccddee")]
    [InlineData("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0")]
    [InlineData("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00")]
    [InlineData("00112233445566778899aabbccddeeff00112233445566778899aabbccddeefg")]
    [InlineData("00112233445566778899aabbccddeeff 0112233445566778899aabbccddeeff")]
    public void Any_other_text_is_no_key(string text) => Assert.False(RootKey.TryParse(text, out _));
}

using System.Text;
using Microsoft.Extensions.Primitives;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

public sealed class BasicCredentialTests
{
    private const string Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    [Theory]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    public void Of_all_last_digits_that_decode_to_the_same_bytes_one_is_accepted(int length)
    {
        var token = new string('t', length);
        var text = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{TestCredential.Unknown.Sid}:{token}"));
        var last = text.TrimEnd('=').Length - 1;
        var accepted = Digits.Where(digit => Read($"Basic {text[..last]}{digit}{text[(last + 1)..]}") == token).ToArray();
        Assert.Equal([text[last]], accepted);
    }

    [Theory]
    [InlineData("a:b:c")]
    [InlineData(":")]
    [InlineData("")]
    [InlineData("ünïcode")]
    public void The_token_is_all_that_follows_the_first_colon(string token) =>
        Assert.Equal(token, Read((TestCredential.Unknown with { Token = token }).Basic));

    [Theory]
    [InlineData(768 - 35, true)]
    [InlineData(768 - 34, false)]
    public void What_is_longer_than_the_buffer_is_refused(int length, bool accepted) =>
        Assert.Equal(accepted, Read((TestCredential.Unknown with { Token = new string('x', length) }).Basic) is not null);

    [Fact]
    public void Every_control_character_is_refused_and_every_other_byte_is_taken()
    {
        Span<byte> buffer = stackalloc byte[BasicCredential.SizeLimit];
        for (var b = 0; b < 256; b++)
        {
            byte[] pair = [.. Encoding.ASCII.GetBytes($"{TestCredential.Unknown.Sid}:x"), (byte)b];
            var form = BasicCredential.Read("Basic " + Convert.ToBase64String(pair), buffer, out _);
            Assert.Equal(b is < 0x20 or 0x7f ? BasicForm.Malformed : BasicForm.Read, form);
        }
    }

    private static string? Read(string header)
    {
        Span<byte> buffer = stackalloc byte[BasicCredential.SizeLimit];
        return BasicCredential.Read(new StringValues(header), buffer, out var credential) == BasicForm.Read
            ? Encoding.UTF8.GetString(credential.Token)
            : null;
    }
}

using System.Text;
using Xunit;

namespace Tandem.Tests;

public sealed class AccountSidTests
{
    private const string Text = "AC0123456789abcdef0123456789abcdef";

    [Fact]
    public void It_is_read_and_written_as_text_and_as_bytes()
    {
        Assert.True(AccountSid.TryParse(Text.AsSpan(), out var sid));
        Assert.True(AccountSid.TryParse(Encoding.ASCII.GetBytes(Text), out var fromAscii));

        Assert.Equal(Text, sid.ToString());
        Assert.Equal(sid, fromAscii);
        Assert.Equal(sid, AccountSid.FromBytes(sid.ToBytes()));
        Assert.Equal(Convert.FromHexString(Text[2..]), sid.ToBytes());
    }

    [Fact]
    public void Both_cases_name_one_account()
    {
        var upper = AccountSid.Parse("AC0123456789ABCDEF0123456789ABCDEF");

        Assert.True(upper == Some.Sid);
        Assert.Equal(upper.GetHashCode(), Some.Sid.GetHashCode());
        Assert.Equal(Text, upper.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("AC")]
    [InlineData("AC0123456789abcdef0123456789abcde")]
    [InlineData("AC0123456789abcdef0123456789abcdef0")]
    [InlineData("ac0123456789abcdef0123456789abcdef")]
    [InlineData("SK0123456789abcdef0123456789abcdef")]
    [InlineData("AC0123456789abcdef0123456789abcdeg")]
    [InlineData("AC0123456789abcdef 123456789abcdef")]
    [InlineData("AC0123456789abcdef0123456789abcde\u0661")]
    public void Anything_else_is_no_SID(string text)
    {
        Assert.False(AccountSid.TryParse(text.AsSpan(), out _));
        Assert.False(AccountSid.TryParse(Encoding.UTF8.GetBytes(text), out _));
        Assert.Throws<FormatException>(() => AccountSid.Parse(text));
    }

    [Fact]
    public void Ten_thousand_draws_are_all_different() =>
        Assert.Equal(10_000, Enumerable.Range(0, 10_000).Select(_ => AccountSid.Create()).Distinct().Count());
}

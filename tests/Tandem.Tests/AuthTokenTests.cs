using System.Text;
using Xunit;

namespace Tandem.Tests;

public sealed class AuthTokenTests
{
    private const string Text = "5up3rS3cretValueThatNobodyMaySee";

    [Fact]
    public void A_hundred_thousand_draws_have_Twilio_s_form_and_are_all_different()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 100_000; i++)
        {
            using var token = AuthToken.Generate();
            var text = token.Reveal();

            Assert.Equal(32, text.Length);
            Assert.All(text, c => Assert.True(char.IsAsciiHexDigitLower(c), "A token is lower-case hexadecimal."));
            Assert.False(AuthToken.ReadsAsNumber(Encoding.ASCII.GetBytes(text)));
            Assert.True(seen.Add(text), "A token was drawn twice.");
        }
    }

    [Theory]
    [InlineData("01234567890123456789012345678901", true)]
    [InlineData("00000000000000000000000000000000", true)]
    [InlineData("1e012345678901234567890123456789", true)]
    [InlineData("123456789012345678901234567890e1", true)]
    [InlineData("1234567890123456e789012345678901", true)]
    [InlineData("e1234567890123456789012345678901", false)] // a number needs a digit before its exponent
    [InlineData("1234567890123456789012345678901e", false)] // and one after it
    [InlineData("1e0123456789012345678901234567e9", false)]
    [InlineData("1e01234567890123456789012345678a", false)]
    [InlineData("a1234567890123456789012345678901", false)]
    [InlineData("12345678901234567890123456789f01", false)]
    [InlineData("5f6b1e0c9a7d4f3e8b2a1c0d9e8f7a6b", false)]
    public void What_reads_as_a_number_in_a_deployment_file_is_told_apart(string text, bool isNumber) =>
        Assert.Equal(isNumber, AuthToken.ReadsAsNumber(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void Every_text_form_is_a_mask()
    {
        using var token = Some.Token(Text);
        var account = new Account
        {
            Sid = Some.Sid,
            OwnerSid = Some.Sid,
            FriendlyName = "Shop",
            Status = AccountStatus.Active,
            Generation = 1,
            DateCreated = Some.Moment,
            DateUpdated = Some.Moment,
            Primary = Some.Stored(1),
        };
        string[] texts =
        [
            token.ToString(),
            $"token {token}",
            string.Format(System.Globalization.CultureInfo.InvariantCulture, "token {0}", token),
            new InvalidOperationException($"refused {token}").ToString(),
            new AccountCreated(account, token).ToString(),
            new SecondaryCreated(account, token).ToString(),
            new Promoted(account, token, Some.Moment).ToString(),
            Some.Stored(1).ToString(),
        ];

        Assert.All(texts, t => Assert.DoesNotContain(Text[..4], t, StringComparison.OrdinalIgnoreCase));
        Assert.Equal("[AuthToken]", texts[0]);
    }

    [Fact]
    public void Disposing_zeroes_it()
    {
        var token = Some.Token(Text);
        token.Dispose();

        Assert.True(token.Bytes.IndexOfAnyExcept((byte)0) < 0);
    }

    [Fact]
    public void Letters_and_digits_are_read_as_they_are()
    {
        using var fromText = Some.Token(Text);

        Assert.Equal(Text, fromText.Reveal());
        Assert.True(AuthToken.TryParse(Encoding.ASCII.GetBytes(Text), out var fromBytes));
        Assert.True(fromText.FixedTimeEquals(fromBytes));
        fromBytes.Dispose();
    }

    [Theory]
    [InlineData("")]
    [InlineData("5up3rS3cretValueThatNobodyMaySe")]
    [InlineData("5up3rS3cretValueThatNobodyMaySee0")]
    [InlineData("5up3rS3cretValueThatNobodyMaySe ")]
    [InlineData("5up3rS3cretValueThatNobodyMaySe-")]
    [InlineData("5up3rS3cretValueThatNobodyMaySe\0")]
    [InlineData("5up3rS3cretValueThatNobodyMaySé")]
    [InlineData("5up3rS3cretValueThatNobodyMayS٣e")]
    public void Anything_else_is_no_token(string text)
    {
        Assert.False(AuthToken.TryParse(text, out _));
        Assert.False(AuthToken.TryParse(Encoding.UTF8.GetBytes(text), out _));
    }

    [Fact]
    public void Tokens_differ_wherever_one_character_differs()
    {
        using var token = Some.Token(Text);
        for (var i = 0; i < Text.Length; i++)
        {
            using var other = Some.Token($"{Text[..i]}{(Text[i] == '0' ? '1' : '0')}{Text[(i + 1)..]}");
            Assert.False(token.FixedTimeEquals(other));
        }
    }
}

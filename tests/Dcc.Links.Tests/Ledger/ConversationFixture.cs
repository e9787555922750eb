namespace Dcc.Links.Tests.Ledger;

/// <summary>One captured conversation for all tests of a class.</summary>
public sealed class ConversationFixture : IAsyncLifetime
{
    internal Conversation Conversation { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Conversation = await Conversation.Capture();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

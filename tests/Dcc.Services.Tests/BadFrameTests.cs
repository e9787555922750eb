using System.Net;
using System.Net.Http.Headers;
using Dcc.Protocol.V1;

namespace Dcc.Services.Tests;

/// <summary>Bytes that no gRPC client sends: below messages, in the framing around them.</summary>
public class BadFrameTests
{
    public static TheoryData<string, byte[]> Frames => new()
    {
        { "a length of 4 GiB", [0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3] },
        { "an unknown flag", [7, 0, 0, 0, 1, 1] },
        { "a compressed message without a named encoding", [1, 0, 0, 0, 1, 1] },
        { "a message that is cut off", [0, 0, 0, 0, 9, 1, 2] },
        { "a prefix that is cut off", [0, 0] },
    };

    [Theory]
    [MemberData(nameof(Frames))]
    public async Task Stream_BrokenFrame_IsInvalidArgumentAndCounted(string fault, byte[] frame)
    {
        Assert.NotEmpty(fault);
        await using var host = await CoordinatorHost.Start();
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, host.Address + "/dcc.v1.Coordination/Participate")
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(frame),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        var said = response.TrailingHeaders.Concat(response.Headers).ToLookup(header => header.Key, header => header.Value.First());
        Assert.Equal("3", said["grpc-status"].Single());
        Assert.StartsWith("message:", said["grpc-message"].Single(), StringComparison.Ordinal);
        Assert.Equal(1ul, (await host.Status()).Refused["garbage"]);
    }

    [Fact]
    public async Task Stream_ResetByItsPeer_IsNoFault()
    {
        await using var host = await CoordinatorHost.Start();
        for (var i = 0; i < 20; i++)
        {
            var talker = await Talker.Join(host, 0);
            talker.Dispose();
            RunStatus status;
            do
            {
                status = await host.Status();
            }
            while (status.Connected > 0);

            Assert.Empty(status.Refused);
        }
    }
}

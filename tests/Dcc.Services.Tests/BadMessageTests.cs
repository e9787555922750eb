using Dcc.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Dcc.Services.Tests;

/// <summary>Whatever one stream says, it alone is ended, with a status that names the field; the refusal is counted; the run goes on unharmed.</summary>
public class BadMessageTests
{
    public static TheoryData<string, StatusCode, string, string> Faults => new()
    {
        { "unknown run", StatusCode.NotFound, "run:", "unknown-run" },
        { "unknown device", StatusCode.NotFound, "device:", "unknown-device" },
        { "huge device", StatusCode.NotFound, "device:", "unknown-device" },
        { "wrong version", StatusCode.FailedPrecondition, "protocol_version:", "protocol-version" },
        { "report first", StatusCode.InvalidArgument, "hello:", "no-hello" },
        { "nothing first", StatusCode.InvalidArgument, "hello:", "no-hello" },
        { "second hello", StatusCode.InvalidArgument, "hello:", "second-hello" },
        { "second stream", StatusCode.Aborted, "device:", "replaced" },
        { "older process", StatusCode.Unavailable, "device:", "older-process" },
        { "leave where all are waited for", StatusCode.FailedPrecondition, "leave:", "cannot-leave" },
        { "ahead of run", StatusCode.FailedPrecondition, "rounds_held:", "ahead-of-run" },
        { "future round", StatusCode.FailedPrecondition, "round:", "wrong-round" },
        { "huge round", StatusCode.FailedPrecondition, "round:", "wrong-round" },
        { "not a number", StatusCode.InvalidArgument, "cost:", "not-finite" },
        { "infinite", StatusCode.InvalidArgument, "others:", "not-finite" },
        { "no cost at all", StatusCode.InvalidArgument, "own:", "not-finite" },
        { "missing scalar", StatusCode.InvalidArgument, "own:", "not-finite" },
        { "conflicting report", StatusCode.FailedPrecondition, "report:", "conflicting-report" },
        { "empty message", StatusCode.InvalidArgument, "content:", "garbage" },
        { "garbage", StatusCode.InvalidArgument, "message:", "garbage" },
        { "garbage after hello", StatusCode.InvalidArgument, "message:", "garbage" },
        { "oversized", StatusCode.ResourceExhausted, "message:", "oversized" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Stream_SaysSomethingWrong_IsRefusedAndTheRunUnharmed(string fault, StatusCode code, string field, string counter)
    {
        await using var host = await CoordinatorHost.Start();
        await RunTests.Refused(code, field, () => Misbehave(host, fault));
        Assert.Equal(1ul, (await host.Status()).Refused[counter]);
        if (fault == "conflicting report")
        {
            // The first of the two counts: it was a valid one.
            Assert.Equal(1ul, (await host.Status()).ReportsAccepted);
            return;
        }

        Assert.All(await host.RunDevices(), code => Assert.Equal(0, code));
        var status = await host.Status();
        Assert.Equal(("finished", CoordinatorHost.UndisturbedDigest()), (status.State, status.Digest));
    }

    private static async Task Misbehave(CoordinatorHost host, string fault)
    {
        switch (fault)
        {
            case "garbage":
                await SayBytes(host, [0xff, 0xff, 0xff, 0x01, 0x02]);
                break;
            case "garbage after hello":
                await SayBytes(host, Talker.Hello(0).ToByteArray(), [0x0a, 0x7f, 0x01]);
                break;
            case "oversized":
                await SayBytes(host, Talker.Hello(0, run: new string('x', 5_000)).ToByteArray());
                break;
            default:
                await Say(host, fault);
                break;
        }
    }

    private static async Task Say(CoordinatorHost host, string fault)
    {
        // A stream that says something wrong before it is welcomed.
        var opening = fault switch
        {
            "unknown run" => Talker.Hello(0, run: "nowhere"),
            "unknown device" => Talker.Hello(CoordinatorHost.Devices),
            "huge device" => Talker.Hello(uint.MaxValue),
            "wrong version" => Talker.Hello(0, version: 99),
            "report first" => Talker.Report(0),
            "nothing first" => new DeviceMessage(),
            "ahead of run" => Talker.Hello(0, roundsHeld: 3),
            _ => null,
        };
        if (opening is not null)
        {
            using var stranger = Talker.Open(host);
            await stranger.Say(opening);
            await stranger.Next();
            return;
        }

        using var device = await Talker.Join(host, 0);
        await device.Next();
        using var second = Talker.Open(host);
        switch (fault)
        {
            case "second stream":
                // The later one has the device; the earlier is told.
                await second.Say(Talker.Hello(0));
                await device.Next();
                return;
            case "older process":
                using (var newer = Talker.Open(host))
                {
                    await newer.Say(Talker.Hello(1, started: 2_000));
                    await newer.Next();
                    await second.Say(Talker.Hello(1, started: 1_000));
                    await second.Next();
                }

                break;
            case "conflicting report":
                await device.Say(Talker.Report(0));
                await device.Say(Talker.Report(0, cost: 3));
                break;
            default:
                await device.Say(fault switch
                {
                    "second hello" => Talker.Hello(0),
                    "leave where all are waited for" => new DeviceMessage { Leave = new Leave() },
                    "future round" => Talker.Report(3),
                    "huge round" => Talker.Report(uint.MaxValue),
                    "not a number" => Talker.Report(0, cost: double.NaN),
                    "infinite" => Talker.Report(0, others: double.NegativeInfinity),
                    "no cost at all" => Talker.Report(0, own: -double.MaxValue),
                    "missing scalar" => new DeviceMessage { Report = new Report { Cost = 1, Others = 1 } },
                    _ => new DeviceMessage(),
                });
                break;
        }

        await device.Next();
    }

    private static async Task SayBytes(CoordinatorHost host, params byte[][] messages)
    {
        var bytes = Marshallers.Create(message => message, message => message);
        var method = new Method<byte[], byte[]>(MethodType.DuplexStreaming, "dcc.v1.Coordination", "Participate", bytes, bytes);
        using var call = host.Channel.CreateCallInvoker().AsyncDuplexStreamingCall(
            method, null, new CallOptions(cancellationToken: TestContext.Current.CancellationToken));
        foreach (var message in messages)
        {
            await call.RequestStream.WriteAsync(message, TestContext.Current.CancellationToken);
        }

        while (await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
        {
        }
    }
}

/*
 * Holds every packet of an NFQUEUE for a constant time, then lets it go on: the delay that netem would make.
 * gcc -O2 -o hold hold.c -lnetfilter_queue -lnfnetlink;  hold QUEUE MILLISECONDS
 * Prints a line when it holds. Ends with the process.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { MOST_HELD = 1 << 17 };

static struct { uint32_t id; int64_t due; } held[MOST_HELD];
static unsigned first, end;
static int64_t delay;

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* The delay is constant, so packets are due in the order they came. */
static int hold(struct nfq_q_handle *queue, struct nfgenmsg *message, struct nfq_data *data, void *unused)
{
    (void)message, (void)unused;
    uint32_t id = ntohl(nfq_get_msg_packet_hdr(data)->packet_id);
    if (end - first == MOST_HELD)
        return nfq_set_verdict(queue, id, NF_DROP, 0, NULL);
    held[end % MOST_HELD].id = id;
    held[end++ % MOST_HELD].due = now() + delay;
    return 0;
}

int main(int count, char **arguments)
{
    struct nfq_handle *handle = nfq_open();
    struct nfq_q_handle *queue = count == 3 && handle ? nfq_create_queue(handle, (uint16_t)atoi(arguments[1]), hold, NULL) : NULL;
    if (!queue || nfq_set_mode(queue, NFQNL_COPY_META, 0) < 0 || nfq_set_queue_maxlen(queue, MOST_HELD) < 0)
        return perror("hold QUEUE MILLISECONDS"), 1;
    delay = (int64_t)(atof(arguments[2]) * 1e6);
    nfnl_rcvbufsiz(nfq_nfnlh(handle), 16 << 20);
    puts("holding");
    fflush(stdout);

    struct pollfd input = { nfq_fd(handle), POLLIN, 0 };
    static char buffer[1 << 16];
    for (;;) {
        int64_t left = first == end ? 1000000000 : held[first % MOST_HELD].due - now();
        struct timespec wait = { left > 0 ? left / 1000000000 : 0, left > 0 ? left % 1000000000 : 0 };
        if (ppoll(&input, 1, &wait, NULL) > 0) {
            ssize_t length;
            while ((length = recv(input.fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0)
                nfq_handle_packet(handle, buffer, (int)length);
            if (length < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
                return perror("recv"), 1;
        }
        for (int64_t time = now(); first != end && held[first % MOST_HELD].due <= time; first++)
            nfq_set_verdict(queue, held[first % MOST_HELD].id, NF_ACCEPT, 0, NULL);
    }
}

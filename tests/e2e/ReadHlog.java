import java.io.File;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;
import org.HdrHistogram.HistogramLogReader;

/** Reads interval logs with Java's HdrHistogram and prints what is in them, as random_hlogs.c does. */
public class ReadHlog {
    private static final double[] PERCENTILES = { 50, 90, 99, 99.9, 99.99 };

    private static String figuresOf(Histogram h) {
        long hash = 0xcbf29ce484222325L;
        long buckets = 0;
        for (HistogramIterationValue v : h.recordedValues()) {
            hash = (hash ^ v.getValueIteratedTo()) * 0x100000001b3L;
            hash = (hash ^ v.getCountAtValueIteratedTo()) * 0x100000001b3L;
            buckets++;
        }
        StringBuilder line = new StringBuilder();
        line.append(h.getTotalCount()).append(' ').append(buckets);
        line.append(' ').append(Long.toHexString(hash));
        for (double p : PERCENTILES) {
            line.append(' ').append(h.getValueAtPercentile(p));
        }
        return line.append(' ').append(h.getMaxValue()).toString();
    }

    private static void read(File file) throws Exception {
        Map<String, Histogram> sums = new TreeMap<>();
        HistogramLogReader reader = new HistogramLogReader(file);
        EncodableHistogram read;
        System.out.println("log " + file.getName());
        while ((read = reader.nextIntervalHistogram()) != null) {
            Histogram h = (Histogram) read;
            System.out.println(h.getTag() + " " + h.getStartTimeStamp() + " " + h.getEndTimeStamp()
                + " " + figuresOf(h));
            sums.computeIfAbsent(h.getTag(), tag -> new Histogram(1, 3600000000000L, 3)).add(h);
        }
        for (Map.Entry<String, Histogram> sum : sums.entrySet()) {
            System.out.println("sum " + sum.getKey() + " " + figuresOf(sum.getValue()));
        }
    }

    public static void main(String[] paths) throws Exception {
        for (String path : paths) {
            read(new File(path));
        }
    }
}
